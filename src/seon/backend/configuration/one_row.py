"""A model of which there is one row: what was saved, or its defaults."""

from typing import Any, Self

from django.db import models


class OneRow(models.Model):
    """A model of one row. It cannot be saved with values that do not validate.

    With another abstract model it comes last: Django takes the managers of the first.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Save as the one row there is. Raises ValidationError."""
        self.pk = 1
        self.full_clean()
        super().save(*args, **options)

    @classmethod
    def load(cls) -> Self:
        """Return the settings in force: the saved row, or the defaults."""
        return cls._default_manager.filter(pk=1).first() or cls(pk=1)
