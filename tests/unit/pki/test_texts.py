"""PEM is found in whatever text programs, mails and people put it."""

import base64
import time

import pytest

from certificates import make
from seon.pki import PkiError, texts

MADE = make("ours")
PEM = MADE.pem.encode()
DER = base64.b64decode(b"".join(PEM.splitlines()[1:-1]))


def body_of(octets: bytes) -> bytes:
    ((_, block),) = texts.blocks(texts.plain(octets))
    return texts.body(block)


@pytest.mark.parametrize(
    "octets",
    [
        PEM,
        PEM.replace(b"\n", b"\r\n"),
        PEM.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + PEM,
        b"\xff\xfe" + PEM.decode().encode("utf-16-le"),
        b"\xfe\xff" + PEM.decode().encode("utf-16-be"),
        ("Dear colleagues,\n" + PEM.decode()).encode("utf-16-le"),
        ("Dear colleagues,\n" + PEM.decode()).encode("utf-16-be"),
        b"> " + PEM.replace(b"\n", b"\n> "),
        b"Anna wrote:\n>> " + PEM.replace(b"\n", b"\n>> ") + b"\n> regards",
        b">" + PEM.replace(b"\n", b"\r\n>"),
        b"    " + PEM.replace(b"\n", b"\n    "),
        PEM.replace(b"\n", rb"\n"),
        b'{"certificate": "' + PEM.replace(b"\n", rb"\r\n") + b'"}',
        PEM[:60] + b"=\r\n" + PEM[60:],
        b"<html><pre>\n" + PEM + b"</pre></html>",
    ],
    ids=[
        "PEM", "CRLF", "CR", "UTF-8 mark", "UTF-16LE", "UTF-16BE", "UTF-16LE bare", "UTF-16BE bare", "quoted",
        "quoted twice", "quoted CRLF", "indented", "escaped", "JSON", "soft break", "HTML",
    ],
)  # fmt: skip
def test_a_block_is_found_and_read(octets: bytes) -> None:
    assert body_of(octets) == DER


@pytest.mark.parametrize("size", [1, 2])
def test_padding_as_quoted_printable_writes_it_is_read(size: int) -> None:
    text = base64.b64encode(b"x" * 99 + b"y" * size)
    assert text.endswith(b"=")
    block = b"-----BEGIN X-----\n" + text.replace(b"=", b"=3D") + b"\n-----END X-----"
    assert body_of(block) == b"x" * 99 + b"y" * size


def test_what_is_no_utf16_stays_as_it_is() -> None:
    for octets in (DER, b"", b"\0", b"a\0", bytes(100), b"\x30\x82\x01\x02", b"x> -----BEGIN "):
        assert texts.plain(octets) == octets or octets == b"a\0"


def test_base64_alone_is_read_and_nothing_else() -> None:
    text = base64.encodebytes(DER)
    assert texts.unwrapped(text) == DER == texts.unwrapped(text.replace(b"\n", b"\r\n"))
    for other in (b"short", text + b"!", DER):
        assert texts.unwrapped(other) == other


def test_a_block_without_an_end_is_said_to_be_cut_off() -> None:
    with pytest.raises(PkiError, match="its END line is missing"):
        list(texts.blocks(PEM + PEM[:-20]))


@pytest.mark.parametrize("unit", [b"> ", b">", b" \t", b"-----BEGIN A", b"=\n"], ids=repr)
def test_a_text_of_a_stranger_is_read_in_bounded_time(unit: bytes) -> None:
    evil = unit * (1_000_000 // len(unit))
    began = time.process_time()
    for octets in (evil, evil + b"\n> -----BEGIN X-----\n" + evil):
        try:
            for _, block in texts.blocks(texts.plain(octets)):
                texts.body(block)
        except PkiError:
            pass
    assert time.process_time() - began < 15
