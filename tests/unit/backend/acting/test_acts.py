"""Every act of the product: who may do it, that it is audited, and that refused input changes nothing."""

import functools
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection

sys.path.insert(0, str(Path(__file__).parents[1]))

from acting.samples import all_samples

from seon.backend.acting.actors import Actor, Way, owner, user_of
from seon.backend.acting.acts import Act, ForbiddenError, PasswordNeededError, all_acts
from seon.backend.acting.rights import ROLES, Right
from seon.backend.acting.roles import make_roles
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry

ACTS = all_acts()
SAMPLES = all_samples()
each_act = pytest.mark.parametrize("name", sorted(set(ACTS) & set(SAMPLES)))


@functools.cache
def _kept() -> tuple[str, ...]:
    """The tables whose rows an act could change: all but those that every request or entry writes."""
    models = (model for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    return tuple(m._meta.db_table for m in models if m._meta.label not in {"journal.Entry", "sessions.Session"})


def everything() -> list[list[str]]:
    """Return all rows of the database as text."""
    found = []
    with connection.cursor() as cursor:
        for table in _kept():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # a table of a model
            found.append(sorted(repr([_plain(value) for value in row]) for row in cursor.fetchall()))
    return found


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def with_rights(*rights: Right, way: Way = Way.PANEL, confirmed: bool = True) -> Actor:
    return Actor("anna", way, frozenset(rights), confirmed)


def test_each_act_has_a_sample_and_a_sentence_that_says_what_it_does() -> None:
    assert set(SAMPLES) == set(ACTS)
    for act in ACTS.values():
        assert act.meaning.endswith("."), act.name


@each_act
def test_who_has_the_right_does_it_and_is_in_the_journal_with_it(name: str) -> None:
    act, sample = ACTS[name], SAMPLES[name]
    sample.ready()
    version = read_version()
    sample.good(with_rights(act.right))
    said = [entry for entry in Entry.objects.filter(code="AUD-CHANGE") if entry.fields["act"] == name]
    assert said, "there is an audit entry"
    assert {(entry.fields["user"], entry.fields["way"]) for entry in said} == {("anna", "panel")}
    assert any(sample.told in entry.text for entry in said), [entry.text for entry in said]
    assert read_version() >= version


@each_act
def test_who_lacks_the_right_is_refused_which_is_audited_and_changes_nothing(name: str) -> None:
    act, sample = ACTS[name], SAMPLES[name]
    sample.ready()
    before = everything()
    with pytest.raises(ForbiddenError, match="may not"):
        sample.good(with_rights(*(set(Right) - {act.right})))
    assert everything() == before
    (entry,) = Entry.objects.filter(code="AUD-DENIED")
    assert (entry.fields["user"], entry.fields["act"]) == ("anna", name)


@each_act
def test_refused_input_changes_nothing_and_is_no_change_in_the_journal(name: str) -> None:
    sample = SAMPLES[name]
    sample.ready()
    before, entries = everything(), Entry.objects.filter(code="AUD-CHANGE").count()
    version = read_version()
    with pytest.raises(OperatorError) as refused:
        sample.bad(owner())
    assert str(refused.value).strip()
    assert (everything(), read_version()) == (before, version)
    assert Entry.objects.filter(code="AUD-CHANGE").count() == entries


@pytest.mark.parametrize("name", [name for name, act in ACTS.items() if act.again and name in SAMPLES])
def test_the_panel_asks_for_the_password_again_where_that_is_declared(name: str) -> None:
    act, sample = ACTS[name], SAMPLES[name]
    sample.ready()
    before = everything()
    with pytest.raises(PasswordNeededError):
        sample.good(with_rights(act.right, confirmed=False))
    assert everything() == before
    sample.good(with_rights(act.right, way=Way.COMMAND, confirmed=False))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_its_rights_say_and_nothing_else(role: str) -> None:
    make_roles()
    user = User.objects.create_user("anna")
    user.groups.add(Group.objects.get(name=role))
    actor = user_of(User.objects.get(pk=user.pk), Way.PANEL, confirmed=True)
    assert actor.rights == ROLES[role]
    assert [act.name for act in ACTS.values() if act.may(actor)] == [
        name for name, act in ACTS.items() if act.right in ROLES[role]
    ]


def test_an_auditor_may_change_nothing_but_its_own_password() -> None:
    assert [act.name for act in ACTS.values() if act.right in ROLES["auditor"]] == ["user.own_password"]


def test_an_act_within_another_is_audited_as_the_outer_one_and_undone_with_it() -> None:
    from seon.backend.configuration.models import TracedSession

    def inner(_: Actor) -> None:
        """Trace."""
        TracedSession(session="abcdefgh").save()

    def outer(by: Actor, fails: bool) -> None:
        """Trace and fail."""
        Act("test.inner", Right.SESSIONS, inner, again=False)(by)
        if fails:
            raise OperatorError("no")

    act = Act("test.outer", Right.SESSIONS, outer, again=False)
    with pytest.raises(OperatorError, match="no"):
        act(owner(), True)
    assert not TracedSession.objects.exists()
    assert not Entry.objects.filter(code="AUD-CHANGE").exists()
    act(owner(), False)
    (entry,) = Entry.objects.filter(code="AUD-CHANGE")
    assert entry.fields["act"] == "test.outer"
