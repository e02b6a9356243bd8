"""Django's name for this subject."""

from django.apps import AppConfig


class TrustConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.trust"
    verbose_name = "Trust"
