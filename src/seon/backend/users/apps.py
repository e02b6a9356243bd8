"""Django's name for this subject."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """The subject as Django knows it; its models are Django's own."""

    name = "seon.backend.users"
    label = "seon_users"
    verbose_name = "Users"
