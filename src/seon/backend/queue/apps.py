"""Django's name for this subject."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.queue"
    verbose_name = "Seon send queue daemon"
