"""Django's name for this subject."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.journal"
    verbose_name = "Journal"

    def ready(self) -> None:
        """Begin to hear of changes of the configuration."""
        import seon.backend.journal.auditing  # noqa: F401, PLC0415 - connects itself; models must be there first
