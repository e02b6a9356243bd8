"""The XML of a settings file: all bounded, nothing fetched, each error with its place."""

import time

import pytest

from seon.daemon.writing import elements
from seon.daemon.writing.elements import parse
from seon.daemon.writing.settings import SettingsError


def test_elements_have_attributes_text_and_line() -> None:
    root = parse(b'<a x="1">\n  <b>\n 7 </b>\n</a>')
    assert (root.name, root.attributes, root.line) == ("a", {"x": "1"}, 1)
    (child,) = root.children
    assert (child.name, child.text.strip(), child.line) == ("b", "7", 2)


@pytest.mark.parametrize(
    "octets",
    [
        b"<a>" + b"<b/>" * (elements.MAX_ELEMENTS + 1) + b"</a>",
        b"<a>" * (elements.MAX_DEPTH + 1),
        b"<a " + b" ".join(b'x%d="1"' % number for number in range(elements.MAX_ATTRIBUTES + 1)) + b"/>",
        b'<a x="' + b"y" * (elements.MAX_TEXT + 1) + b'"/>',
        b"<a>" + b"y" * (elements.MAX_TEXT + 1) + b"</a>",
        b"<a>" + b"y<b/>" * (elements.MAX_TEXT + 1) + b"</a>",
        b"<a/>" + b" " * elements.MAX_OCTETS,
    ],
)
def test_more_than_any_settings_file_has_is_refused(octets) -> None:
    with pytest.raises(SettingsError, match=r"no settings file"):
        parse(octets)


def test_just_as_much_is_read() -> None:
    assert len(parse(b"<a>" + b"<b/>" * (elements.MAX_ELEMENTS - 1) + b"</a>").children) == elements.MAX_ELEMENTS - 1
    text = "ü" * elements.MAX_TEXT
    assert parse(f'<a x="{text}"/>'.encode()).attributes["x"] == text


def test_the_place_of_an_error_counts_from_one() -> None:
    with pytest.raises(SettingsError) as refused:
        parse(b"<a>\n  <b>\n</a>")
    assert (refused.value.line, refused.value.column) == (3, 3)
    assert str(refused.value) == "line 3, column 3: mismatched tag"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_is_refused_at_its_place_although_a_doctype_hides_it(encoding) -> None:
    text = '<!DOCTYPE a SYSTEM "">\n<a>\n<!-- &x; --><b c="&x;"/><![CDATA[&x;]]><?p &x; ?></a>'
    with pytest.raises(SettingsError, match="entities") as refused:
        parse(text.encode(encoding))
    assert (refused.value.line, refused.value.column) == (3, 19)


def test_what_only_looks_like_a_comment_costs_no_time() -> None:
    hostile = b'<!DOCTYPE a SYSTEM "' + b"<!--" * 60_000 + b'"><a/>'
    started = time.process_time()
    assert parse(hostile).name == "a"
    assert time.process_time() - started < 2
