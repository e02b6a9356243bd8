"""Django's name for this subject."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.journal"
    verbose_name = "Journal"
