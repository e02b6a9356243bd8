"""Django's name for this subject."""

from django.apps import AppConfig


class ApiLogConfig(AppConfig):
    """The subject as Django knows it; it has no page yet."""

    name = "seon.backend.apilog"
    verbose_name = "Logging"
