"""Django's name for this subject."""

from django.apps import AppConfig


class ActingConfig(AppConfig):
    """The subject as Django knows it; it has no page."""

    name = "seon.backend.acting"
    verbose_name = "Rights"

    def ready(self) -> None:
        """Begin to hear of changes of the models."""
        import seon.backend.acting.history  # noqa: F401, PLC0415 - connects itself; models must be there first
