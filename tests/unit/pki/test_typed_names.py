import pytest
from cryptography import x509

import certificates
from seon import pki
from seon.pki import PkiError
from seon.pki.typed_names import LONGEST, name_text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("CN=Acme,O=Acme AG,C=DE", "CN=Acme,O=Acme AG,C=DE"),
        (" cn = Acme , o=Acme AG,c= DE ", "CN=Acme,O=Acme AG,C=DE"),
        (r"CN=Acme\, Inc,O=x", r"CN=Acme\, Inc,O=x"),
        (r"CN=M\C3\BCller", "CN=Müller"),
        ("CN=Müller", "CN=Müller"),
        ("SERIALNUMBER=O0013,CN=x", "serialNumber=O0013,CN=x"),
        ("2.5.4.5=O0013", "serialNumber=O0013"),
        ("emailAddress=a@b.example,CN=x", "1.2.840.113549.1.9.1=a@b.example,CN=x"),
        ("CN=a + O=b", "CN=a+O=b"),
    ],
)
def test_a_name_has_one_form_however_it_is_typed(typed: str, text: str) -> None:
    assert name_text(typed) == text
    assert name_text(text) == text


def test_it_is_the_form_in_which_a_certificates_name_is_shown() -> None:
    name = x509.Name.from_rfc4514_string(r"CN=M\C3\BCller \+ Co\, KG,2.5.4.5=O1,O=a\\b,L=x\0Ay,C=DE")
    shown = pki.subject_of(certificates.make(name).certificate)
    assert name_text(shown) == shown


@pytest.mark.parametrize("typed", ["", " ", "Acme", "CN", "CN=a,,O=b", "CN=a;O=b", "X" * (LONGEST + 1), "CN=a\\", "=a"])
def test_what_is_no_name_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(PkiError, match="such as CN=Acme"):
        name_text(typed)
