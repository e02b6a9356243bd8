"""Django's name for this subject."""

from django.apps import AppConfig


class SessionRulesConfig(AppConfig):
    """The subject as Django knows it. Its rows stand on the pages of settings and partners."""

    name = "seon.backend.session_rules"
    verbose_name = "Session rules"
