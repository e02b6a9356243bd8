"""Would this certificate come in? The page shows evidence and verdict step by step, and changes nothing."""

from html import unescape

import pytest
from django.conf import settings
from panel.partners.visiting import Visitor, errors_in, forms_in, refused

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.partners.actions import add_partner

TRY = "partners/try/"
PIN, STRANGER = make("Acme"), make("Stranger <script>")


@pytest.fixture(autouse=True)
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    add_partner(owner(), "acme", "Acme", [], [PIN.pem.encode()], networks=["192.0.2.0/24"])


def test_evidence_and_verdict_stand_step_by_step() -> None:
    version = read_version()
    page = unescape(Visitor("auditor").send(TRY, {"do": "try", "pasted": PIN.pem, "source": "192.0.2.7"}))
    for text in ("It would come in", PIN.fingerprint, "by partner acme", "192.0.2.7 is in one of its networks"):
        assert text in page
    assert read_version() == version


def test_who_is_refused_is_told_why_and_its_names_are_escaped() -> None:
    page = Visitor("auditor").send(TRY, {"do": "try", "pasted": STRANGER.pem})
    assert "It would be refused: UNKNOWN" in page
    assert "Stranger \\&lt;script" in page
    assert "<script>" not in page.partition("Step by step")[2].partition("</ol>")[0]


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({}, "dropped", "Drop or choose a file"),
        ({"pasted": "x"}, "dropped", "No certificate can be read"),
        ({"pasted": PIN.pem, "source": "here"}, "source", "is no IP address"),
        ({"pasted": PIN.pem, "outgoing": "nobody"}, "outgoing", "There is no partner 'nobody'"),
        ({"pasted": PIN.pem, "outgoing": "acme", "source": "10.0.0.1"}, "outgoing", "leave one of both empty"),
    ],
)
def test_what_cannot_be_tried_is_told_at_its_field(given: dict[str, str], field: str, told: str) -> None:
    assert told in unescape(errors_in(Visitor("auditor").send(TRY, {"do": "try", **given})).get(field, ""))


def test_a_stored_certificate_is_tried_by_a_link() -> None:
    fingerprint, visitor = refused(STRANGER), Visitor("auditor")
    for made in (PIN, STRANGER):
        assert forms_in(visitor.source(f"{TRY}?sha256={made.fingerprint}"))["try"]["pasted"].strip() == made.pem.strip()
    for odd in ("\0", "x", "f" * 64, "'" * 64, fingerprint.upper()):
        assert visitor.status(f"{TRY}?sha256={odd}") == 200
