"""The configuration version: raised in the same transaction as any change of what `snapshot.py` reads.

A model that the snapshot reads derives from `Versioned`. There is no way around it through the ORM: `save`, `delete`
(cascades too), `QuerySet.update`, `bulk_create`, `bulk_update` and many-to-many changes all raise the version, and a
unit test walks them. Only raw SQL slips by; nothing here uses it.

Where it can be, the version is raised before the change itself: its row is then the first that a transaction locks, so
that two of them wait for each other in one order and never in a circle (PostgreSQL would end one of them).
"""

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.db.models.signals import m2m_changed, pre_delete


def read_version() -> int:
    """Return the configuration version in force; 0 before the first change."""
    return _versions().filter(pk=1).values_list("number", flat=True).first() or 0


def raise_version() -> None:
    """Raise the configuration version. Call it inside the transaction of the change, before the change."""
    row = _versions().filter(pk=1)
    if not row.update(number=F("number") + 1):
        _versions().get_or_create(pk=1)  # the very first change; another one may be making the row just now
        row.update(number=F("number") + 1)


def take_turn() -> None:
    """Wait until no other transaction changes the configuration, and let others wait for this one.

    Call it inside a transaction, before what a change depends on is looked at: that no other partner has a code, say.
    Without a change after it the version stays.
    """
    rows = _versions().select_for_update().filter(pk=1)
    if not rows.exists():
        _versions().get_or_create(pk=1)
    rows.first()  # SQLite has one writer at a time anyway (databases.py)


def _versions() -> models.Manager[Any]:
    """Return the rows of the counter: by its name, since its module needs this one."""
    return apps.get_model("configuration", "Version")._default_manager


M = TypeVar("M", bound="Versioned")


class VersionedQuerySet(models.QuerySet[M]):
    """A query set whose bulk changes raise the version too. They skip `full_clean`: values must come from models."""

    def update(self, **values: Any) -> int:
        """As Django's, and raise the version."""
        with transaction.atomic():
            raise_version()
            return super().update(**values)

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """As Django's, and raise the version."""
        with transaction.atomic():
            raise_version()
            return super().bulk_create(objs, *args, **options)

    def bulk_update(self, objs: Iterable[M], *args: Any, **options: Any) -> int:
        """As Django's, and raise the version."""
        with transaction.atomic():
            raise_version()
            return super().bulk_update(objs, *args, **options)


class Versioned(models.Model):
    """A model that the snapshot reads. It cannot be saved with new values that do not validate."""

    objects = VersionedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **options: Any) -> None:
        """Validate, save and raise the version, all in one transaction. Raises ValidationError."""
        self.full_clean()
        with transaction.atomic():
            raise_version()
            super().save(*args, **options)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Raise ValidationError for values that are not allowed, unless they stand in the database already.

        Those were entered when an older version allowed them. They must not hinder another change of the same row:
        a partner is disabled at once, whatever its host looks like.
        """
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            entered = {name: told for name, told in error.error_dict.items() if not self._is_stored(name)}
            if entered:
                raise ValidationError(entered) from None

    def _is_stored(self, name: str) -> bool:
        if self._state.adding:
            return False
        attribute = next(field.attname for field in type(self)._meta.fields if field.name == name)
        return list(type(self)._base_manager.filter(pk=self.pk).values_list(attribute, flat=True)) == [
            getattr(self, attribute)
        ]


def _to_be_deleted(sender: type[models.Model], **_: Any) -> None:
    # Django sends this inside the transaction of the deletion, for every object of a cascade.
    if issubclass(sender, Versioned):
        raise_version()


def _relations_changed(instance: models.Model, action: str, **_: Any) -> None:
    if isinstance(instance, Versioned) and action.startswith("post_"):
        raise_version()


pre_delete.connect(_to_be_deleted, dispatch_uid="seon.version.deleted")
m2m_changed.connect(_relations_changed, dispatch_uid="seon.version.relations")
