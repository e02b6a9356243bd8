"""Django's name for this subject."""

from django.apps import AppConfig


class HostsConfig(AppConfig):
    """The subject as Django knows it; it has no table, since the names stand in the https certificate."""

    name = "seon.backend.hosts"
    verbose_name = "Hosts"
