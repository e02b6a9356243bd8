"""Django's name for this subject."""

from django.apps import AppConfig


class RevocationConfig(AppConfig):
    """The subject as the panel shows it."""

    name = "seon.backend.revocation"
    verbose_name = "Revocation lists"
