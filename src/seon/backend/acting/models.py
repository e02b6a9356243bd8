"""The permissions of Django that stand for rights. There is no table."""

from django.db import models

from seon.backend.acting.rights import MEANINGS


class Rights(models.Model):
    """The place where Django keeps our permissions."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = tuple((right.value, f"May {meaning}") for right, meaning in MEANINGS.items())

    def __str__(self) -> str:
        return "rights"
