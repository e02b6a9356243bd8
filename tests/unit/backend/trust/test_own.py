from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from seon.backend.errors import OperatorError
from seon.backend.trust.models import OwnCertificate
from seon.backend.trust.own import add_own_certificate, private_key_of


def test_the_newest_certificate_is_in_use_and_the_key_opens_again(certificate_of: Callable[..., Any]) -> None:
    first, second = certificate_of("first"), certificate_of("second")
    add_own_certificate("", first.pem.encode(), first.old_key_pem)
    own = add_own_certificate("Second", second.pem.encode(), second.old_key_pem)
    assert list(OwnCertificate.objects.filter(in_use=True)) == [own]
    assert b"PRIVATE" not in own.key
    stored = OwnCertificate.objects.get(pk=own.pk)
    assert (
        load_pem_private_key(private_key_of(stored), None).public_key()
        == load_pem_private_key(second.old_key_pem, None).public_key()
    )


def test_what_does_not_belong_together_changes_nothing(certificate_of: Callable[..., Any]) -> None:
    first, second = certificate_of("first"), certificate_of("second")
    own = add_own_certificate("", first.pem.encode(), first.old_key_pem)
    for chain, key in ((second.pem.encode(), first.old_key_pem), (first.pem.encode(), first.old_key_pem)):
        with pytest.raises(OperatorError):
            add_own_certificate("", chain, key)
    assert list(OwnCertificate.objects.filter(in_use=True)) == [own]


def test_a_key_moved_to_another_record_does_not_open(certificate_of: Callable[..., Any]) -> None:
    first, second = certificate_of("first"), certificate_of("second")
    one = add_own_certificate("", first.pem.encode(), first.old_key_pem)
    two = add_own_certificate("", second.pem.encode(), second.old_key_pem)
    two.key = one.key
    with pytest.raises(OperatorError, match="does not open"):
        private_key_of(two)


def test_the_history_holds_no_key(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("own")
    add_own_certificate("", made.pem.encode(), made.old_key_pem)
    assert not hasattr(OwnCertificate.history.first(), "key")
