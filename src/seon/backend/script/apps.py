"""Django's name for this subject."""

from django.apps import AppConfig


class ScriptConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.script"
    verbose_name = "Event script"
