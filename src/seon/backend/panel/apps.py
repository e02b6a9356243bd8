"""Django's name for this subject."""

from django.apps import AppConfig


class PanelConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.panel"
    verbose_name = "Panel"
