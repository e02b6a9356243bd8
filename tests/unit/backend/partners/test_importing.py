from typing import Any

import msgspec
import pytest

import certificates
from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.partners.actions import add_partner, import_partners, set_of_partner, try_import
from seon.backend.partners.importing import Line, record_of, stored_partners
from seon.backend.partners.models import Partner, PartnerCode
from seon.backend.partners.records import Numbered, Record, as_csv, as_json, read_records

BY = owner()
ONE, OTHER = certificates.make("One"), certificates.make("Other")


def numbered(*records: Record) -> list[Numbered]:
    return [Numbered(number, record) for number, record in enumerate(records, 2)]


def told(*records: Record, force: bool = False) -> list[tuple[str, str]]:
    return [(line.outcome.value, line.text) for line in try_import(numbered(*records), force=force)]


def everything() -> list[Record]:
    return [record_of(partner, settings=True) for partner in stored_partners()]


@pytest.fixture
def two() -> None:
    add_partner(BY, "P1", "One", ["O1"], [ONE.pem.encode()], host="one.example", networks=["10.0.0.0/8"])
    add_partner(BY, "P2", "Two", ["O2"], [])


@pytest.mark.usefixtures("two")
def test_a_trial_says_for_each_record_what_it_would_do_and_changes_nothing() -> None:
    before, version, entries = everything(), read_version(), Entry.objects.count()
    said = told(
        Record(id="P1", name="One", codes=("O1", "O3"), port=7_000),
        Record(id="P2"),
        Record(id="P3", codes=("O4",)),
        Record(id="P 4"),
        Record(id="P5", codes=("o2",)),
        Record(id="P3"),
        Record(id="P6", codes=("O4",)),
        Record(id="P7", certificates=(ONE.pem,)),
        Record(id="P8", port=0),
    )
    outcomes = ["changed", "unchanged", "added", *["refused"] * 6]
    assert [outcome for outcome, _ in said] == outcomes
    assert said[0][1] == "port: '6619' to '7000'; code O3 comes"
    for (_, text), part in zip(
        said[3:],
        ["letters, digits", "code of partner P2 already; a provider", "in line 4 already", "of partner P3 already",
         "one of partner P1 already; a provider", "port"],
        strict=True,
    ):  # fmt: skip
        assert part in text
    assert (everything(), read_version(), Entry.objects.count()) == (before, version, entries)


@pytest.mark.usefixtures("two")
def test_an_import_does_all_of_it_in_one_act() -> None:
    import_partners(
        BY,
        numbered(Record(id="P3", codes=("O3",), certificates=(OTHER.pem,), enabled=False), Record(id="P1", name="Uno")),
    )
    assert list(Partner.objects.values_list("identifier", "name", "enabled")) == [
        ("P1", "Uno", True), ("P2", "Two", True), ("P3", "P3", False),
    ]  # fmt: skip
    acts = {entry.fields["act"] for entry in Entry.objects.filter(code="AUD-CHANGE").order_by("-pk")[:4]}
    assert acts == {"partner.import"}


@pytest.mark.usefixtures("two")
def test_one_record_that_is_refused_stops_all_of_them() -> None:
    before, version = everything(), read_version()
    with pytest.raises(OperatorError, match=r"^1 of 2 partners are refused, and nothing was stored\. Line 3, P4: .*O2"):
        import_partners(BY, numbered(Record(id="P3"), Record(id="P4", codes=("O2",))))
    assert (everything(), read_version()) == (before, version)


@pytest.mark.usefixtures("two")
def test_a_code_and_a_certificate_move_from_one_partner_to_another_in_any_order() -> None:
    moved = (
        Record(id="P2", codes=("O1",), certificates=(ONE.pem,)),
        Record(id="P1", codes=("O2",), certificates=()),
    )
    assert [outcome for outcome, _ in told(*moved)] == ["changed", "changed"]
    import_partners(BY, numbered(*moved))
    assert [(one.id, one.codes, one.certificates) for one in everything()] == [
        ("P1", ("O2",), ()), ("P2", ("O1",), (ONE.pem,)),
    ]  # fmt: skip


@pytest.mark.usefixtures("two")
def test_what_opens_more_is_done_by_force_only() -> None:
    for record, part in (
        (Record(id="P1", codes=()), "may show every code"),
        (Record(id="P1", networks=()), "may come from everywhere"),
        (Record(id="P1", certificates=(certificates.make("Old", days=-1).pem,)), "expired"),
    ):
        ((outcome, text),) = told(record)
        assert outcome == "refused"
        assert part in text
        assert [outcome for outcome, _ in told(record, force=True)] == ["changed"]


@pytest.mark.usefixtures("two")
def test_what_is_exported_as_json_and_imported_elsewhere_is_the_same() -> None:
    for key, value in {
        "trace": "yes",
        "rules.FLD-XPAD": "warn",
        "incoming_names": "A*, B*",
        "profile": "strict",
    }.items():
        set_of_partner(BY, "P1", key, value)
    exported = everything()
    octets = msgspec.json.encode(as_json(exported))
    Partner.objects.all().delete()
    import_partners(BY, read_records(octets))
    assert everything() == exported
    assert {line.outcome.value for line in try_import(read_records(octets))} == {"unchanged"}
    for key, value in {"rules.FLD-9": "warn", "level_5_only": "yes"}.items():
        set_of_partner(BY, "P1", key, value)  # it is not in the file, so it is as in general again
    import_partners(BY, read_records(octets))
    assert everything() == exported


@pytest.mark.usefixtures("two")
def test_what_is_exported_as_csv_changes_nothing_when_it_is_imported() -> None:
    octets = as_csv(everything()).encode("utf-8-sig")
    assert {line.outcome.value for line in try_import(read_records(octets))} == {"unchanged"}


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("settings", "part"),
    [({"colour": "red"}, "no setting 'colour'"), ({"trace": "perhaps"}, "yes, no"), ({"host": "x"}, "its own place")],
)
def test_a_setting_that_cannot_be_is_refused_in_the_trial_already(settings: dict[str, str], part: str) -> None:
    before = everything()
    good, bad = try_import(numbered(Record(id="P2", name="Zwei"), Record(id="P1", settings=settings)))
    assert (good.outcome.value, bad.outcome.value) == ("changed", "refused")
    assert part in bad.text
    assert everything() == before


def test_progress_is_told_and_many_partners_are_stored_with_their_history() -> None:
    heard: list[Any] = []
    many = numbered(*(Record(id=f"P{n}", codes=(f"O{n}",)) for n in range(1_001)))
    import_partners(BY, many, progress=lambda *done: heard.append(done))
    assert heard == [(500, 1_001), (1_000, 1_001), (1_001, 1_001)]
    assert PartnerCode.objects.count() == Partner.history.count() == PartnerCode.history.count() == 1_001
    assert "more changes" in Entry.objects.latest("pk").text


def test_a_line_reads_as_its_details() -> None:
    (line,) = try_import(numbered(Record(id="P1", certificates=(ONE.pem,))))
    assert isinstance(line, Line)
    assert line.text == f"certificate with SHA-256 {ONE.fingerprint}, CN=One, comes"
