"""Django's name for this subject."""

from django.apps import AppConfig


class AnchorsConfig(AppConfig):
    """The subject as Django knows it."""

    name = "seon.backend.anchors"
    verbose_name = "Trust anchors"
