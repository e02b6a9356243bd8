"""Django's name for this subject."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """The subject as Django knows it."""

    name = "seon.backend.live"
    verbose_name = "Live state"
