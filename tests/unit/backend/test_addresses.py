import pytest

from seon.backend.addresses import canonical


@pytest.mark.parametrize(
    ("given", "identity"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "127.0.0.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:DB8::0:1", "2001:db8::1"),
        (" 10.0.0.1 ", "10.0.0.1"),
    ],
)
def test_an_address_has_one_form(given: str, identity: str) -> None:
    assert canonical(given) == identity


@pytest.mark.parametrize("given", ["", "localhost", "10.0.0", "010.0.0.1", "fe80::1%eth0"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"address|scope"):
        canonical(given)
