"""Django's name for this subject."""

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.configuration"
    verbose_name = "Configuration"
