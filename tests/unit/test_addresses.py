"""One spelling for each address (mission A8), and what people may write."""

import pytest

from seon.addresses import AddressError, canonical, identifying, neighbourhood, shown, split_host_port


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:0001", "10.0.0.1"),
        ("0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1", "::1"),
    ],
)
def test_every_spelling_is_one_address(text, address) -> None:
    assert str(canonical(text)) == address


@pytest.mark.parametrize("text", ["::1", "127.0.0.1", "::ffff:127.0.0.1", "0::0:1"])
def test_the_local_address_identifies_as_one(text) -> None:
    assert str(identifying(text)) == "127.0.0.1"


def test_no_other_address_identifies_as_the_local_one() -> None:
    assert str(identifying("127.0.0.2")) == "127.0.0.2"
    assert str(identifying("::2")) == "::2"
    assert str(identifying("::ffff:127.0.0.2")) == "127.0.0.2"


@pytest.mark.parametrize(
    "text", ["", "localhost", "10.0.0", "10.0.0.256", "010.0.0.1", "1.2.3.4 ", "::1::", "[::1]", "٣.1.1.1"]
)
def test_what_is_no_address_is_refused(text) -> None:
    with pytest.raises(AddressError):
        canonical(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":2878", "", 2878),
        ("10.0.0.1:2878", "10.0.0.1", 2878),
        ("10.0.0.1", "10.0.0.1", 99),
        ("10.0.0.1:", "10.0.0.1", 99),
        ("[::1]:2878", "::1", 2878),
        ("[::1]", "::1", 99),
        ("::1", "::1", 99),
        ("2001:DB8::1", "2001:db8::1", 99),
        ("[::ffff:1.2.3.4]:5", "1.2.3.4", 5),
        ("dmz.example:1", "dmz.example", 1),
        ("dmz.example:65535", "dmz.example", 65_535),
    ],
)
def test_host_and_port_are_told_apart(text, host, port) -> None:
    assert split_host_port(text, 99) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["host:0", "host:65536", "host:-1", "host:1e3", "host: 1", "host:²", "host:٣", "host:" + "9" * 5_000,
     "[::1]:0", "[::1]x", "[host]:1", "[::1]:٣"],
)  # fmt: skip
def test_what_is_no_host_and_port_is_refused_in_words(text) -> None:
    with pytest.raises(AddressError):
        split_host_port(text, 99)


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    assert shown("::1", 5) == "[::1]:5"
    assert shown("10.0.0.1", 5) == "10.0.0.1:5"
    assert shown("host", 5) == "host:5"


def test_whom_an_address_is_counted_with() -> None:
    assert neighbourhood("192.0.2.1") == neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert neighbourhood("192.0.2.2") != neighbourhood("192.0.2.1")
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") == "2001:db8::/64"
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8::1")
