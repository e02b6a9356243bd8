import pytest

from seon.oftp2.authentication import CHALLENGE_OCTETS, Challenge, NotAuthenticatedError
from seon.oftp2.errors import LocalError, PeerError

SECRET = bytes(range(CHALLENGE_OCTETS))


def test_the_secret_is_the_right_answer() -> None:
    Challenge(b"sealed", SECRET).check(SECRET)


@pytest.mark.parametrize("response", [b"", SECRET[:-1], SECRET + b"\0", bytes(20), SECRET[:-1] + b"\xff"])
def test_every_other_answer_is_wrong(response: bytes) -> None:
    with pytest.raises(NotAuthenticatedError) as error:
        Challenge(b"sealed", SECRET).check(response)
    assert not any(shown in str(error.value) for shown in (repr(SECRET), SECRET.hex()))


def test_a_challenge_has_20_octets_and_is_not_shown() -> None:
    with pytest.raises(LocalError):
        Challenge(b"sealed", b"short")
    assert repr(Challenge(b"sealed", SECRET)) == "Challenge()"


def test_what_is_for_the_log_is_not_in_the_text() -> None:
    error = NotAuthenticatedError("no", for_the_log="sealed with DES-EDE3-CBC")
    assert (str(error), error.args, error.for_the_log) == ("no", ("no",), "sealed with DES-EDE3-CBC")
    assert NotAuthenticatedError("no").for_the_log == PeerError("no").for_the_log == ""
