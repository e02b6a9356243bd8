"""Django's name for this subject."""

from django.apps import AppConfig


class ProxiesConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.proxies"
    verbose_name = "Proxies"
