"""Partners are found by text and by state, in an order that the list wants."""

import pytest

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner, disable_partner
from seon.backend.partners.lists import State, found

PIN = make("Acme pin", days=400)


@pytest.fixture(autouse=True)
def partners() -> None:
    add_partner(owner(), "acme", "Acme AG", ["O0013ACME"], [PIN.pem.encode(), make("Next", days=500).pem.encode()])
    add_partner(owner(), "soon", "Soon", [], [make("Soon", days=20).pem.encode()], odette_ids=["O0013SOON"])
    add_partner(owner(), "none", "None", [], [])
    add_partner(owner(), "off", "Off", [], [])
    disable_partner(owner(), "off")


def ids(text: str = "", state: State = "") -> list[str]:
    return [partner.identifier for partner in found(text, state)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ACME", ["acme"]), ("o0013", ["acme", "soon"]), ("acme pin", ["acme"]),
        pytest.param(PIN.fingerprint[:9].upper(), ["acme"], id="fingerprint"),
        pytest.param(":".join((PIN.fingerprint[:2], PIN.fingerprint[2:4])), ["acme"], id="octets"),
        ("off", ["off"]), ("%", []), (" : ", []),
    ],
)  # fmt: skip
def test_a_text_is_found_in_names_ids_codes_and_certificates(text: str, wanted: list[str]) -> None:
    assert ids(text) == wanted


def test_each_state_has_its_partners() -> None:
    states: tuple[State, ...] = ("", "enabled", "disabled", "hindered", "ending")
    assert [ids(state=state) for state in states] == [
        ["acme", "none", "off", "soon"], ["acme", "none", "soon"], ["off"], ["none"], ["soon"]
    ]  # fmt: skip


def test_each_says_when_the_first_of_its_certificates_ends() -> None:
    rows = list(found().exclude(ends=None).order_by("ends"))
    assert [row.identifier for row in rows] == ["soon", "acme"]
    assert rows[1].ends == rows[1].certificates.get(fingerprint=PIN.fingerprint).not_after
