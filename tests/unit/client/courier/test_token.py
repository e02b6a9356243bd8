"""The security token: found in several places, shown in none."""

import io
import traceback

import pytest

from seon.client.courier.token import Token, read_token
from seon.daemon.home import StartError

SECRET = "s3cret_s3cret-s3cret_s3cret"
TEXT = f"seon1.{'ab' * 32}.{SECRET}"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch) -> None:
    monkeypatch.delenv("SEON_TOKEN", raising=False)


def test_the_token_is_taken_from_where_the_argument_says(tmp_path, monkeypatch) -> None:
    (tmp_path / "token").write_text(f"{TEXT}\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TEXT}\nmore\n"))
    expected = Token("ab" * 32, SECRET)
    assert read_token(TEXT) == read_token(f"@{tmp_path}/token") == read_token("-") == expected
    monkeypatch.setenv("SEON_TOKEN", TEXT)
    assert read_token("") == expected


def test_the_secret_is_not_in_what_a_token_shows_of_itself() -> None:
    token = read_token(TEXT)
    assert SECRET not in f"{token} {token!r} {[token]}"


@pytest.mark.parametrize(
    "text",
    ["", "seon1", SECRET, TEXT[:-len(SECRET)], TEXT.replace("seon1", "seon2"), TEXT + "!", "x" + TEXT, TEXT.upper(),
     TEXT[:70] + "." + "x" * 201, TEXT + "\n" + TEXT],
)  # fmt: skip
def test_what_is_no_token_is_refused_without_showing_it(text) -> None:
    with pytest.raises(StartError, match="seonapi token new") as error:
        read_token(text)
    shown = "".join(traceback.format_exception(error.value))
    assert str(error.value).count(SECRET) == 0
    assert error.value.__cause__ is None
    assert shown


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b""])
def test_a_token_file_that_cannot_be_used_is_named(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(StartError):
        read_token(f"@{tmp_path}/token")


def test_a_token_file_with_something_else_in_it_is_not_shown(tmp_path) -> None:
    (tmp_path / "token").write_text("root:$6$something secret")
    with pytest.raises(StartError) as error:
        read_token(f"@{tmp_path}/token")
    assert "something secret" not in str(error.value)
