"""The security token: found in several places, shown in none."""

import io
import os
import traceback

import pytest

from seon.client.courier.token import Token, read_token
from seon.daemon.home import StartError

SECRET = "s3cret_s3cret-s3cret_s3cret"
TEXT = f"seon1.{'ab' * 32}.{SECRET}"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch) -> None:
    monkeypatch.delenv("SEON_TOKEN", raising=False)


def typed(monkeypatch, octets: bytes) -> None:
    """Let standard input hold these octets."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))


def refused(argument: str) -> str:
    """Return why a token is refused; whatever is printed of that, nothing of the token is in it."""
    with pytest.raises(StartError) as caught:
        read_token(argument)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    assert "ab" * 32 not in shown
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return str(caught.value)


def test_the_token_is_taken_from_where_the_argument_says(tmp_path, monkeypatch) -> None:
    (tmp_path / "token").write_text(f"{TEXT}\n")
    typed(monkeypatch, f"{TEXT}\nmore\n".encode())
    expected = Token("ab" * 32, SECRET)
    assert read_token(TEXT) == read_token(f"@{tmp_path}/token") == read_token("-") == expected
    monkeypatch.setenv("SEON_TOKEN", TEXT)
    assert read_token("") == expected


@pytest.mark.parametrize("form", ["{}", "{}\n", "{}\r\n", "\ufeff{}\r\n", "  {}\t\n\n"])
def test_what_an_editor_adds_to_the_token_does_no_harm(tmp_path, monkeypatch, form) -> None:
    octets = form.format(TEXT).encode()
    (tmp_path / "token").write_bytes(octets)
    typed(monkeypatch, octets)
    assert read_token(f"@{tmp_path}/token") == read_token("-") == Token("ab" * 32, SECRET)


def test_a_pipe_is_a_token_file_too() -> None:
    """As of the shell's <(...), in two parts."""
    ours, theirs = os.pipe()
    try:
        os.write(theirs, TEXT[:30].encode())
        os.write(theirs, TEXT[30:].encode())
        os.close(theirs)
        assert read_token(f"@/dev/fd/{ours}").secret == SECRET
    finally:
        os.close(ours)


def test_the_secret_is_not_in_what_a_token_shows_of_itself() -> None:
    token = read_token(TEXT)
    assert SECRET not in f"{token} {token!r} {[token]}"


@pytest.mark.parametrize("variable", [None, "", " \n"])
def test_without_a_token_the_four_ways_to_give_it_are_said(monkeypatch, variable) -> None:
    if variable is not None:
        monkeypatch.setenv("SEON_TOKEN", variable)
    said = refused("")
    assert said.startswith("No security token is given.")
    assert all(way in said for way in ("-T @FILE", "-T -", "SEON_TOKEN", "-T TOKEN", "seonapi token add NAME"))


NOT_COMPLETE = ["seon1.", TEXT[: -len(SECRET)], TEXT + "!", TEXT[:70] + "." + "x" * 201, TEXT + "\xe9", TEXT[:40]]
NO_TOKEN = ["seon1", SECRET, TEXT.replace("seon1", "seon2"), "x" + TEXT, TEXT.upper(), "\udcff"]
MORE = [TEXT + "\n" + TEXT, TEXT + " # the token", TEXT + "." * 500]


@pytest.mark.parametrize(
    ("texts", "told"),
    [(NOT_COMPLETE, "not complete"), (NO_TOKEN, "is no security token"), (MORE, "more than one token")],
)
def test_what_is_no_token_is_refused_with_the_reason_and_without_showing_it(tmp_path, monkeypatch, texts, told) -> None:
    for text in texts:
        (tmp_path / "token").write_bytes(text.encode("utf-8", "surrogateescape"))
        monkeypatch.setenv("SEON_TOKEN", text)
        for argument, place in ((text, "-T"), (f"@{tmp_path}/token", f"{tmp_path}/token"), ("", "SEON_TOKEN")):
            said = refused(argument)
            assert told in said
            assert place in said
            assert "seonapi token add NAME" in said


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\xef\xbb\xbf\n"])
def test_an_empty_place_is_said_to_be_empty(tmp_path, monkeypatch, content) -> None:
    (tmp_path / "token").write_bytes(content)
    typed(monkeypatch, content)
    assert f"token file {tmp_path}/token is empty" in refused(f"@{tmp_path}/token")
    assert "Standard input (-T -) is empty" in refused("-")


@pytest.mark.parametrize("content", [b"root:$6$something secret", b"\xff\xfe" + TEXT.encode("utf-16-le"), bytes(9_999)])
def test_a_token_file_with_something_else_in_it_is_not_shown(tmp_path, content) -> None:
    (tmp_path / "token").write_bytes(content)
    said = refused(f"@{tmp_path}/token")
    assert "is no security token" in said
    assert "something" not in said


def test_a_token_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"There is no token file absent: -T @FILE names it, relative to {tmp_path}" in refused("@absent")
    assert f"token file {tmp_path} is a directory" in refused(f"@{tmp_path}")
    assert "names no file" in refused("@")
    assert "cannot be the name of a file" in refused("@a\0b")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert f"token file {loop} cannot be read: Too many levels" in refused(f"@{loop}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not read its file")
def test_a_token_file_that_this_user_may_not_read_says_which_user_this_is(tmp_path) -> None:
    file = tmp_path / "token"
    file.write_text(TEXT)
    file.chmod(0o600)
    tmp_path.chmod(0o755)
    place = os.open(file.parent, os.O_RDONLY)
    os.seteuid(65_534)
    try:
        said = refused(f"@/dev/fd/{place}/token")
    finally:
        os.seteuid(0)
        os.close(place)
    assert "may not be read by this program's user (uid 65534)" in said


def test_a_standard_input_that_is_closed_is_said(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert "Standard input (-T -) cannot be read: it is closed" in refused("-")
