"""An entry of the audit in its parts."""

from seon.backend.journal.models import Entry
from seon.backend.panel.audit.reading import MOST_SHOWN, audit_row, values_of


def entry(code: str = "AUD-CHANGE", **fields: object) -> Entry:
    return Entry(code=code, group="audit", text="the text", fields=fields)


def test_values_are_read_and_an_entry_of_before_has_none() -> None:
    assert values_of(entry(values='[["host","empty","\'a\'"]]')) == [("host", "empty", "'a'")]
    for older in ({}, {"values": "broken"}, {"values": "[[1]]"}, {"values": 7}):
        assert values_of(entry(**older)) == []


def test_a_list_shows_the_first_values_and_how_many_more_there_are() -> None:
    row = audit_row(entry(values=str([[f"v{n}", "a", "b"] for n in range(5)]).replace("'", '"')))
    assert len(row.first_values) == MOST_SHOWN
    assert row.more == 2


def test_a_refused_login_tells_its_text_and_an_unknown_act_its_name() -> None:
    assert audit_row(entry("AUD-LOGIN", reason="x")).change == "the text"
    row = audit_row(entry(act="gone.away", user="anna", way="panel", what="x", change="y"))
    assert (row.act, row.meaning, row.user, str(row.way)) == ("gone.away", "", "anna", "panel")
