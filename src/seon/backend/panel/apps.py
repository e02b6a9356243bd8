"""Django's name for this subject."""

from django.apps import AppConfig
from django.contrib import admin


class PanelConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.panel"
    verbose_name = "Panel"

    def ready(self) -> None:
        """Give the login its form, and let failed logins be told."""
        from seon.backend.panel import logins  # noqa: PLC0415 - it registers itself, and needs models

        admin.site.login_form = logins.LoginForm
