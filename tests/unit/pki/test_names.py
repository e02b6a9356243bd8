"""Names are written as RFC 4514 has them, the same as `cryptography` writes those that it can read."""

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from odd_certificates import CN, UTF8, name, sequence, tlv
from seon.pki import names
from seon.pki.ber import BrokenError

KINDS = {"2.5.4.5": "serialNumber", "2.5.4.3": "CN", "0.9.2342.19200300.100.1.25": "DC", "1.2.3.4": "1.2.3.4"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), TEXTS), max_size=4))
def test_a_name_is_written_as_cryptography_writes_it(parts: list[tuple[str, str]]) -> None:
    text = x509.name._ASN1Type.UTF8String
    made = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(kind), value, text) for kind, value in parts])
    wanted = made.rfc4514_string({x509.NameOID.SERIAL_NUMBER: "serialNumber"})
    found = names.text_of(names.parts_of(made.public_bytes()))
    assert found == "".join(c if c.isprintable() else "".join(f"\\{o:02X}" for o in c.encode()) for c in wanted)
    assert found.isprintable()


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x31\0", sequence(sequence()), sequence(tlv(0x31, tlv(0x31))), sequence(tlv(0x31, sequence(tlv(6, CN)))),
     sequence(tlv(0x31, sequence(tlv(6, CN), tlv(12, b"x"), tlv(12, b"y")))), name((CN, UTF8, bytes(9_000))),
     name(*[(CN, UTF8, b"x")] * 101)],
)  # fmt: skip
def test_what_is_no_name_is_an_error(octets: bytes) -> None:
    with pytest.raises((BrokenError, ValueError)):
        names.parts_of(octets)


def test_what_is_shown_is_cut_and_never_empty() -> None:
    assert names.shown("x" * 600) == "x" * 500
    assert (names.shown(""), names.shown(None)) == ("(empty)", "(unreadable)")


O = bytes.fromhex("55040a")  # noqa: E741 - as X.520 names it


@pytest.mark.parametrize(
    ("subject", "called"),
    [(name((O, UTF8, b"Acme AG"), (CN, UTF8, b'A "b", + c; #')), 'A "b", + c; #'),
     (name((O, UTF8, b"Acme AG")), "Acme AG"), (name((O, UTF8, b"Acme"), (CN, UTF8, b" \x1b\0 ")), "Acme"),
     (name((CN, UTF8, "a\n\u202eb".encode())), "a b"), (name(), ""), (b"", "")],
)  # fmt: skip
def test_what_people_call_somebody_is_plain(subject: bytes, called: str) -> None:
    assert names.common_name(subject) == called
