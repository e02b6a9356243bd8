"""Django's name for this subject."""

from django.apps import AppConfig, apps

# Label -> what the panel calls an app that is not ours.
_NAMES = {"auth": "Users and groups", "axes": "Failed logins"}


class PanelConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.panel"
    verbose_name = "Panel"

    def ready(self) -> None:
        """Name the other apps, and let failed logins be told."""
        from seon.backend.panel import logins  # noqa: F401, PLC0415 - it registers itself, and needs models

        for label, name in _NAMES.items():
            apps.get_app_config(label).verbose_name = name
