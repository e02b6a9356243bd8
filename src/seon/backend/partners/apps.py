"""Django's name for this subject."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.partners"
    verbose_name = "Partners"
