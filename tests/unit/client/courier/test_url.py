"""-U: what may stand in it, and that nothing of user and password is in what is said of it."""

import traceback

import pytest

from seon.client.courier.url import read_url
from seon.daemon.home import StartError

SECRET = "hidden"


def refused(url: str) -> str:
    with pytest.raises(StartError) as caught:
        read_url(url)
    said = str(caught.value)
    assert "URL of Seonapi: " in said
    assert "for example https://10.0.0.5:8443" in said
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host", "https://host:443"),
        ("https://host/", "https://host:443"),
        ("HTTPS://Host.example.:99", "https://host.example:99"),
        ("https://[::1]:99/", "https://[::1]:99"),
        ("https://host/index.php", "https://host:443"),
        ("https://host/base/index.php", "https://host:443/base"),
        ("https://host/base", "https://host:443/base"),
        ("https://host/base/", "https://host:443/base"),
        ("https://host/a/B-1_2.x~/index.php", "https://host:443/a/B-1_2.x~"),
        (" https://host/seonapi/index.php\n", "https://host:443/seonapi"),
        ("https://user:hidden@host/base/index.php", "https://host:443/base"),
    ],
)
def test_the_path_before_index_php_is_kept_and_no_password_is_shown(url, shown) -> None:
    read = read_url(url)
    assert read.shown == shown
    assert SECRET not in repr(read)


@pytest.mark.parametrize(
    ("given", "basic"),
    [
        ("user:password", (b"user", b"password")),
        ("us%40er:p%3A%2F%25w", (b"us@er", b"p:/%w")),
        ("us:p@:w", (b"us", b"p@:w")),
        ("user", (b"user", b"")),
        ("user:", (b"user", b"")),
        ("user:p%C3%A4ss", (b"user", "päss".encode())),
        ("user:päss", (b"user", "päss".encode())),
        ("user:%FF", (b"user", b"\xff")),
        ("us+er:+", (b"us+er", b"+")),
    ],
)
def test_user_and_password_are_taken_with_their_escapes_resolved(given, basic) -> None:
    assert read_url(f"https://{given}@host").basic == basic
    assert read_url("https://host").basic is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "must begin with https://"),
        ("http://host", "must begin with https://"),
        ("host:8443", "must begin with https://"),
        ("https:/host", "must begin with https://"),
        ("https://", "names no host"),
        ("https://:8443", "names no host"),
        ("https://user:hidden@", "names no host"),
        ("https://host:port", "port or its brackets"),
        ("https://host:99999", "port or its brackets"),
        ("https://[::1", "port or its brackets"),
        ("https://host:0", "'0' is not a TCP port"),
        ("https://256.1.1.1", "0 to 255"),
        ("https://a b", "a blank or a control character"),
        ("https://us:hid\nden@host", "a blank or a control character"),
        ("https://:hidden@host", "no user before its '@'"),
        ("https://user:hidden%@host", "that no two hexadecimal digits follow"),
        ("https://user:hidden%zz@host", "that no two hexadecimal digits follow"),
        ("https://us%3Aer:hidden@host", "':', which HTTP Basic cannot carry"),
        ("https://user:1/hidden@host", "an '@' behind the host"),
        ("https://user:hid/hidden@host", "port or its brackets"),
        ("https://user:1?hidden@host", "an '@' behind the host"),
        ("https://user:1#hidden@host", "an '@' behind the host"),
        ("https://user:2@hidden/x@host", "an '@' behind the host"),
        ("https://user:x@-hidden", "what stands behind its '@' is no host"),
        ("https://host/index.php?x=hidden", "nothing may follow its path"),
        ("https://host/#hidden", "nothing may follow its path"),
        ("https://host/a//b", "its path may have"),
        ("https://host/../hidden/", "its path may have"),
        ("https://host/%68idden/index.php", "its path may have"),
        ("https://host/ü", "its path may have"),
        (f"https://host/{'a' * 2_000}", "more than 2000 characters"),
    ],
)
def test_a_wrong_url_is_refused_with_the_reason_and_an_example(url, told) -> None:
    assert told in refused(url)
