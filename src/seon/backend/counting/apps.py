"""Django's name for this subject."""

from django.apps import AppConfig


class CountingConfig(AppConfig):
    """The subject as Django knows it."""

    name = "seon.backend.counting"
    verbose_name = "Counts"
