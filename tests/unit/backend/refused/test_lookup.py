import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from seon.api_messages import RefusedCertificate as Told
from seon.backend.errors import OperatorError
from seon.backend.refused.lookup import find_refused
from seon.backend.refused.recording import remember


def test_one_is_found_by_what_its_sha256_begins_with() -> None:
    made = certificates.make("Stranger")
    row = remember(Told(made.certificate.public_bytes(Encoding.DER), "", "", "", time.time()))
    with_colons = ":".join(made.fingerprint[n : n + 2] for n in range(0, 64, 2)).upper()
    for text in (made.fingerprint, made.fingerprint[:8], with_colons):
        assert find_refused(text) == row


@pytest.mark.parametrize(("text", "said"), [("", "no SHA-256"), ("0" * 7, "no SHA-256"), ("%" * 9, "no SHA-256"),
                                           ("0" * 64, "refused list")])  # fmt: skip
def test_one_that_is_not_there_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        find_refused(text)
