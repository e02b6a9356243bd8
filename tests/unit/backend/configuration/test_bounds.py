import msgspec

from seon.backend.configuration.bounds import LIMITS, PROFILES
from seon.config import Limits


def test_the_bounds_are_those_of_the_typed_configuration() -> None:
    assert list(LIMITS) == [field.name for field in msgspec.structs.fields(Limits)]
    for name, bounds in LIMITS.items():
        assert bounds.default == getattr(Limits(), name)
        for value, fits in (
            (bounds.least, True),
            (bounds.most, True),
            (bounds.least - 1, False),
            (bounds.most + 1, False),
        ):
            assert decodes(name, value) == fits, (name, value)


def decodes(name: str, value: int) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode({name: value}), type=Limits)
    except msgspec.ValidationError:
        return False
    return True


def test_the_first_profile_is_the_default() -> None:
    assert PROFILES == ("default", "strict")
