"""What a certificate says of its holder, in the words of events."""

from seon.admission.identity import NOBODY, as_fields
from unit.admission.showing import PINNED, shown


def test_a_refusal_names_every_part_of_a_certificate_even_where_there_is_none() -> None:
    said = as_fields(shown(PINNED))
    assert set(said) == set(NOBODY)
    assert said["fingerprint"] == PINNED.fingerprint
    assert (said["subject"], said["issuer"]) == ("CN=pinned", "CN=pinned")
    assert int(said["serial"], 16) == PINNED.certificate.serial_number
