import pytest

from seon.backend.acting import audit
from seon.backend.acting.actors import owner
from seon.backend.acting.audit import MOST_ENTRIES, collected, note, note_first
from seon.backend.journal.models import Entry


def told() -> list[str]:
    return list(Entry.objects.filter(code="AUD-CHANGE").order_by("pk").values_list("text", flat=True))


def test_what_is_noted_is_written_at_the_end() -> None:
    with collected("test.act", owner()):
        note("user anna", "password: changed")
        assert not told()
    (text,) = told()
    assert text.endswith("(command line), test.act: user anna: password: changed")
    assert audit.running() is None


def test_nothing_is_written_where_something_is_raised() -> None:
    def failing() -> None:
        with collected("test.act", owner()):
            note("user anna", "password: changed")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        failing()
    assert not told()
    assert audit.running() is None


def test_what_comes_before_a_change_that_stays_is_written_at_once_and_once() -> None:
    with collected("test.act", owner()):
        note_first("file", "made")
        assert len(told()) == 1
    assert len(told()) == 1


def test_an_act_that_changed_nothing_says_so() -> None:
    with collected("test.act", owner()):
        pass
    assert told()[0].endswith("nothing: as it was before")


def test_an_import_of_thousands_is_counted_and_a_long_change_is_cut() -> None:
    with collected("test.act", owner()):
        for number in range(MOST_ENTRIES + 7):
            note(f"row {number}", "x" * 5_000)
    assert len(told()) == MOST_ENTRIES + 1
    assert "7 more changes" in told()[-1]
    assert len(Entry.objects.order_by("pk")[0].fields["change"]) < 2_000
