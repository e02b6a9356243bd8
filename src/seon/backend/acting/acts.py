"""What makes a function an act: its name, the right that it takes, and its audit entry.

    @act("partner.add", Right.PARTNERS)
    def add_partner(by: Actor, identifier: str, ...) -> Partner:
        \"""Add a partner. Raises OperatorError; nothing was stored then.\"""

Whoever calls it gives the Actor first. The right is asked, then all happens in one transaction: the change, the version
of the configuration (versioned.py), and the audit entries. What does not validate becomes an OperatorError. An act may
call another one: its own right is asked too, and the entries are those of the outer act.
"""

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module, util
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction

from seon.backend.acting import audit
from seon.backend.acting.actors import Actor, Way
from seon.backend.acting.rights import Right
from seon.backend.configuration.values import by_field, told
from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record

P = ParamSpec("P")
"""What an act takes besides its actor."""
R = TypeVar("R")
"""What it returns."""


class ForbiddenError(OperatorError):
    """Somebody asked for an act without having its right."""

    def __init__(self, text: str, act: str) -> None:
        super().__init__(text)
        self.act = act


class PasswordNeededError(OperatorError):
    """The act wants the password of the user of the panel once more."""


class Act(Generic[P, R]):
    """One act. Calling it does it."""

    def __init__(self, name: str, right: Right, function: Callable[Concatenate[Actor, P], R], *, again: bool) -> None:
        self.name, self.right, self.again = name, right, again
        self._function = function
        update_wrapper(self, function)

    @property
    def meaning(self) -> str:
        """What it does, in a sentence."""
        return (self.__doc__ or "").strip().split("\n")[0]

    def may(self, actor: Actor) -> bool:
        """Whether somebody may do it."""
        return actor.may(self.right)

    def __call__(self, by: Actor, /, *args: P.args, **options: P.kwargs) -> R:
        """Do it. Raises OperatorError, and nothing is changed then; ForbiddenError and PasswordNeededError are such."""
        if audit.running() is not None:
            self._admit(by)
            return self._function(by, *args, **options)
        try:
            self._admit(by)
            with transaction.atomic(), audit.collected(self.name, by):
                return self._function(by, *args, **options)
        except ForbiddenError:  # told after the transaction, which took back whatever was written in it
            record("AUD-DENIED", user=by.name, way=by.way.value, act=self.name)
            raise
        except ValidationError as error:
            raise OperatorError(told(error), fields=by_field(error)) from None

    def _admit(self, by: Actor) -> None:
        if not self.may(by):
            raise ForbiddenError(
                f"{by.name} may not do this ({self.name}): it takes the right to {self.right.meaning}; "
                "an administrator gives it by a role",
                self.name,
            )
        if self.again and by.way is Way.PANEL and not by.confirmed:
            raise PasswordNeededError("Enter your password once more to do this")


ACTS: dict[str, Act[..., Any]] = {}
"""Every act that was imported, by its name; `all_acts` imports them all."""


def act(name: str, right: Right, *, again: bool = False) -> Callable[[Callable[Concatenate[Actor, P], R]], Act[P, R]]:
    """Make a function an act; `again`: the panel asks for the password once more before it."""

    def decorate(function: Callable[Concatenate[Actor, P], R]) -> Act[P, R]:
        assert name not in ACTS, f"two acts are named {name}"
        made = Act(name, right, function, again=again)
        ACTS[name] = made
        return made

    return decorate


def all_acts() -> dict[str, Act[..., Any]]:
    """Import the actions of every subject and return all acts by name."""
    for config in apps.get_app_configs():
        name = f"{config.name}.actions"
        if config.name.startswith("seon.") and util.find_spec(name):
            import_module(name)
    return dict(sorted(ACTS.items()))
