"""Fields of one command against each other."""

from dataclasses import replace
from typing import Any

import pytest

from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse, SetCredit, StartFile
from seon.oftp2.crosschecks import crosscheck

SFID = StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 3, 3)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"original_size_k": 0}, []),
        ({"original_size_k": 4}, ["XF-OSIZ"]),
        ({"original_size_k": 4, "compression": 1, "envelope": 1}, []),
        ({"original_size_k": 4, "compression": 1}, ["XF-ENV"]),
        ({"original_size_k": 4, "security": 1, "cipher": 1}, ["XF-ENV"]),
        ({"original_size_k": 4, "envelope": 1}, []),
        ({"format": "T", "record_length": 1}, ["XF-LRECL"]),
        ({"format": "F"}, ["XF-LRECL0"]),
        ({"format": "V"}, []),
        ({"format": "V", "record_length": 65537}, []),
        ({"format": "V", "record_length": 65537, "security": 1, "cipher": 1, "envelope": 1}, ["XF-VREC"]),
        ({"format": "V", "record_length": 65536, "security": 1, "cipher": 1, "envelope": 1}, []),
        ({"security": 1, "envelope": 1}, ["XF-SEC"]),
        ({"security": 3, "cipher": 2}, ["XF-ENV"]),
        ({"compression": 1}, ["XF-ENV"]),
        ({"envelope": 1}, []),
        ({"cipher": 1}, ["XF-SEC/unused"]),
        ({"cipher": 1, "signed_receipt": True}, []),
        ({"signed_receipt": True}, ["XF-SIGN"]),
    ],
)
def test_fields_of_a_start_file_must_agree(changes: dict[str, Any], rules: list[str]) -> None:
    assert [flaw.rule for flaw in crosscheck(replace(SFID, **changes))] == rules


@pytest.mark.parametrize(
    ("digest", "signature", "rules"),
    [(b"", b"", []), (b"h", b"s", []), (b"h", b"", ["XF-HASH"]), (b"", b"s", ["XF-HASH0"])],
)
def test_hash_and_signature_come_together(digest: bytes, signature: bytes, rules: list[str]) -> None:
    receipt = EndToEndResponse("N", "20260131", "2359580001", "", "D", "O", digest, signature)
    assert [flaw.rule for flaw in crosscheck(receipt)] == rules
    negative = NegativeEndResponse("N", "20260131", "2359580001", "D", "O", "C", 34, "", digest, signature)
    assert [flaw.rule for flaw in crosscheck(negative)] == rules
    fields = {flaw.field for command in (receipt, negative) for flaw in crosscheck(command)}
    assert {name[4:] for name in fields} <= {"HSHL", "SIGL"}
    assert {name[:4] for name in fields} <= {"EERP", "NERP"}
    assert len(fields) == 2 * len(rules)


def test_other_commands_have_nothing_to_compare() -> None:
    assert crosscheck(SetCredit()) == []
