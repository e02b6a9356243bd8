import pytest

from seon.backend.anchors.lookup import find_anchor
from seon.backend.anchors.models import Anchor
from seon.backend.errors import OperatorError


def test_an_anchor_is_found_by_name_and_by_what_its_sha256_begins_with(certificate_of) -> None:
    one = Anchor.objects.create(name="One", pem=certificate_of("One", ca=True).pem)
    Anchor.objects.create(name="Two", pem=certificate_of("Two", ca=True).pem)
    with_colons = ":".join(one.fingerprint.upper()[n : n + 2] for n in range(0, 64, 2))
    for text in ("One", " One ", one.fingerprint, one.fingerprint[:8], with_colons):
        assert find_anchor(text) == one


def test_no_anchor_is_taken_for_another_whose_sha256_it_has_as_its_name(certificate_of) -> None:
    one = Anchor.objects.create(name="One", pem=certificate_of("One", ca=True).pem)
    Anchor.objects.create(name=one.fingerprint, pem=certificate_of("Two", ca=True).pem)
    assert find_anchor(one.fingerprint) == one


@pytest.mark.parametrize("text", ["", "Three", "one", "0" * 8, "abc", "%", "x" * 300])
def test_one_that_is_not_there_is_refused_with_how_to_see_them(text, certificate_of) -> None:
    Anchor.objects.create(name="One", pem=certificate_of("One", ca=True).pem)
    with pytest.raises(OperatorError, match=r"There is no trust anchor .*seonapi anchor list"):
        find_anchor(text)
