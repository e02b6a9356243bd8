"""One spelling for each address (mission A8), and what people may write."""

import socket
import time

import pytest

from seon.addresses import (
    AddressError,
    canonical,
    client_address,
    family_of,
    identifying,
    in_url,
    is_in,
    listening_address,
    literal,
    neighbourhood,
    read_host,
    read_listener,
    read_network,
    read_target,
    shown,
    source_address,
    split_host_port,
)

ENTERED = (read_host, listening_address, source_address, client_address)
LITERAL = (listening_address, source_address, client_address)


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
     "[::1]:0", "[::1]x", "[host]:1", "[::1]:٣", "[10.0.0.1]:1", "[]:1", "[fe80::1%eth0]:1", "fe80::1%eth0",
     "https://host:1", "oftp://host", "user:word@host:1"],
)  # fmt: skip
def test_what_is_no_host_and_port_is_refused_in_words(text) -> None:
    with pytest.raises(AddressError):
        split_host_port(text, 99)


def test_a_literal_address_is_told_from_a_name() -> None:
    assert str(literal("10.0.0.1")) == "10.0.0.1"
    assert str(literal("2001:DB8::1")) == str(literal("[2001:DB8::1]")) == "2001:db8::1"
    for text in ("", "localhost", "10.0.0", "[::1]:5", "10.0.0.1:5"):
        assert literal(text) is None


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    assert shown("::1", 5) == "[::1]:5"
    assert shown("10.0.0.1", 5) == "10.0.0.1:5"
    assert shown("host", 5) == "host:5"


def test_in_a_url_an_ipv6_address_has_brackets_too() -> None:
    assert [in_url(host) for host in ("::1", "10.0.0.1", "a.example")] == ["[::1]", "10.0.0.1", "a.example"]


def test_each_address_has_its_kind_of_socket() -> None:
    found = [family_of(address) for address in ("::1", "10.0.0.1", "")]
    assert found == [socket.AF_INET6, socket.AF_INET, socket.AF_INET]


def test_what_is_dialled_needs_a_host_and_what_listens_does_not() -> None:
    assert read_target(" A.example.:5 ", None) == ("A.example", 5)
    assert read_target("[2001:DB8::1]", 3305) == ("2001:db8::1", 3305)
    assert read_listener(":5", None) == ("", 5)
    assert read_listener("[::1]", 2878) == ("::1", 2878)
    assert read_listener(":0", None, least_port=0) == ("", 0)
    for wrong in (
        lambda: read_target(":5", None),
        lambda: read_listener("a.example:5", None),
        lambda: read_listener(":0", 1),
    ):
        with pytest.raises(AddressError):
            wrong()


def test_whom_an_address_is_counted_with() -> None:
    assert neighbourhood("192.0.2.1") == neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert neighbourhood("192.0.2.2") != neighbourhood("192.0.2.1")
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") == "2001:db8::/64"
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8::1")


def test_a_port_can_be_demanded_and_port_zero_allowed() -> None:
    assert split_host_port(" [::1]:0 ", None, least_port=0) == ("::1", 0)
    for text in ("host", "host:", "::1:80", "[::1]", ""):
        with pytest.raises(AddressError, match="has no port"):
            split_host_port(text, None)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("partner.example", "partner.example"),
        (" partner.example.\n", "partner.example"),
        ("dmz", "dmz"),
        ("Sta_1.inside", "Sta_1.inside"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("3com.example", "3com.example"),
        ("10.0.0.1.example", "10.0.0.1.example"),
        ("0xg", "0xg"),
        ("a" * 63, "a" * 63),
        (".".join(["a" * 63] * 3 + ["b" * 61]), ".".join(["a" * 63] * 3 + ["b" * 61])),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1.", "10.0.0.1"),
        ("::1", "::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fd00::1", "fd00::1"),
    ],
)
def test_a_host_is_brought_into_its_one_form(text, host) -> None:
    assert read_host(text) == host
    assert read_host(host) == host


@pytest.mark.parametrize(
    "text",
    ["a..b", ".a", ".", "-a.example", "a-.example", "a.-b", "a b", "a,b", "a\nb", "a\0", "*.example", "a" * 64, "[dmz]",
     ".".join(["a" * 63] * 3 + ["b" * 62]), "dmz%eth0", "a:b:c", "\udc80"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(text) -> None:
    with pytest.raises(AddressError) as refused:
        read_host(text)
    assert str(refused.value).isprintable()


def test_an_international_name_is_entered_in_its_ascii_form() -> None:
    with pytest.raises(AddressError, match="xn--"):
        read_host("münchen.example")


@pytest.mark.parametrize("read", ENTERED)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("partner.example:6619", "'partner.example' alone.*port '6619'"),
        ("10.0.0.1:6619", "'10.0.0.1' alone.*port '6619'"),
        ("[2001:db8::1]:6619", "'2001:db8::1' alone.*port '6619'"),
        ("partner.example:", "'partner.example' alone"),
        ("256.1.1.1", "0 to 255"),
        ("1.1.1.999", "0 to 255"),
        ("10.1.2", "four numbers"),
        ("10", "four numbers"),
        ("1.2.3.4.5", "four numbers"),
        ("0x7f.1", "four numbers"),
        ("0x7f000001", "four numbers"),
        ("host.10", "four numbers"),
        ("010.1.1.1", "without zeros"),
        ("0x7f.0.0.1", "decimal"),
        ("1..2.3", "0 to 255"),
        ("٣.1.1.1", "0 to 255"),
        ("fe80::1%eth0", "zone"),
        ("2001:db8::1%1", "zone"),
        ("[fe80::1%25eth0]", "zone"),
        ("10.0.0.1%eth0", "zone"),
        ("12345::1", "not an IPv6 address"),
        ("::1::", "not an IPv6 address"),
        ("https://partner.example", "URL"),
        ("oftp://10.0.0.1:3305", "URL"),
        ("10.0.0.0/8", "network"),
        ("partner.example/inbox", "path"),
        ("", "nothing"),
        (" ", "nothing"),
        ("255.255.255.255", "broadcast"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("::ffff:224.0.0.1", "multicast"),
        ("[10.0.0.1]", "brackets"),
    ],
)
def test_what_is_neither_host_nor_address_is_refused_with_what_to_do(read, text, told) -> None:
    with pytest.raises(AddressError, match=told):
        read(text)


@pytest.mark.parametrize("read", LITERAL)
@pytest.mark.parametrize(
    ("text", "address"), [(" 10.0.0.1 ", "10.0.0.1"), ("[FD00::1]", "fd00::1"), ("::ffff:a00:1", "10.0.0.1")]
)
def test_an_address_is_brought_into_its_one_form(read, text, address) -> None:
    assert read(text) == address


@pytest.mark.parametrize("read", LITERAL)
@pytest.mark.parametrize("text", ["localhost", "partner.example", "*", "٣"])
def test_a_name_is_no_address(read, text) -> None:
    with pytest.raises(AddressError, match="literal IPv4 or IPv6"):
        read(text)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("0.0.0.0", {listening_address}),
        ("::", {listening_address}),
        ("fe80::1", {client_address}),
        ("127.0.0.1", set(ENTERED)),
        ("169.254.1.1", set(ENTERED)),
    ],
)
def test_some_addresses_make_sense_in_some_places_only(text, possible) -> None:
    for read in ENTERED:
        if read in possible:
            assert read(text) == text
        else:
            with pytest.raises(AddressError, match=r"every address|link-local"):
                read(text)


def test_a_client_on_the_local_host_is_known_by_one_address() -> None:
    assert client_address("::1") == client_address("[::1]") == "127.0.0.1"
    assert listening_address("::1") == "::1"


@pytest.mark.parametrize("text", ["https://anna:s3cret@host/x", "anna:s3cret@host", "oftp://s3cret@h:1"])
def test_a_password_is_not_repeated(text) -> None:
    for read in (read_host, lambda text: split_host_port(text, 1)):
        with pytest.raises(AddressError) as refused:
            read(text)
        assert "s3cret" not in str(refused.value)


def test_what_is_said_is_one_short_line() -> None:
    for text in ("a\n" * 5_000, "1." * 5_000 + "1", ":" * 5_000, "x" * 5_000 + ":1"):
        with pytest.raises(AddressError) as refused:
            read_host(text)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        (" 192.0.2.7 ", "192.0.2.7/32"),
        ("192.0.2.0/255.255.255.0", "192.0.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("::/0", "::/0"),
        ("::1", "127.0.0.1/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
    ],
)
def test_a_network_has_one_form(text: str, network: str) -> None:
    assert str(read_network(text)) == network


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("192.0.2.7/24", "enter 192.0.2.0/24, or 192.0.2.7 alone"),
        ("2001:db8::1/48", "enter 2001:db8::/48, or 2001:db8::1 alone"),
        ("192.0.2.0/33", "is not an IP"),
        ("192.0.2.0/", "is not an IP"),
        ("192.0.2/24", "not an IP address or network"),
        ("partner.example", "not an IP address or network"),
        ("", "is not an IP"),
        ("/24", "is not an IP"),
    ],
)
def test_what_is_no_network_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(AddressError) as refused:
        read_network(text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.2.7", ["::ffff:192.0.2.0/120"], True),
        ("192.0.3.7", ["192.0.2.0/24", "192.0.3.7/32"], True),
        ("192.0.3.8", ["192.0.2.0/24", "192.0.3.7/32"], False),
        ("2001:db8::1", ["0.0.0.0/0"], False),
        ("192.0.2.7", ["::/0"], False),
        ("192.0.2.7", ["nonsense"], False),
        ("192.0.2.7", [], False),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("::1", ["127.0.0.0/8"], True),
    ],
)
def test_an_address_is_in_a_network_or_not(address: str, networks: list[str], inside: bool) -> None:
    assert is_in(address, networks) is inside


def test_networks_that_are_asked_for_again_are_not_read_again() -> None:
    """A partner may have 100, and each of its connections asks for them."""
    networks = [f"10.{number}.0.0/16" for number in range(100)]
    began = time.process_time()
    for _ in range(1_000):
        assert not is_in("192.0.2.1", networks)
    assert time.process_time() - began < 5
