"""Django's name for this subject."""

from django.apps import AppConfig


class RefusedConfig(AppConfig):
    """The subject as Django knows it."""

    name = "seon.backend.refused"
    verbose_name = "Refused certificates"
