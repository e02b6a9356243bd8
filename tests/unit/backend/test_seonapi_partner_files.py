"""`seonapi partner import` and `export` as click runs them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from seon.backend.partners.models import Partner
from seon.cli.seonapi import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["partner", *arguments])


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "partners.csv"
    path.write_text("id;name;codes\nP1;One;O1\nP2;Zwei;O2,O3\n")
    return path


def test_an_import_is_tried_first_and_done_with_apply(file: Path) -> None:
    said = done("import", str(file))
    assert "2 added; nothing was stored: this was a trial, --apply does it" in said
    assert not Partner.objects.exists()
    assert done("import", str(file), "--apply").endswith("\n2 added")
    assert answered("import", str(file))["unchanged"] == 2
    assert [row["codes"] for row in answered("list")] == [["O1"], ["O2", "O3"]]


def test_a_trial_with_a_line_that_is_refused_shows_all_lines_and_ends_with_status_1(file: Path) -> None:
    file.write_text("id,codes\nP1,O1\nP2,O1\n")
    result = run("import", str(file))
    assert result.exit_code == 1
    assert "O1 is a code of partner P1 already" in result.stdout
    assert "1 added, 1 refused" in result.stdout
    refused = run("import", str(file), "--apply")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: 1 of 2 partners are refused, and nothing was stored. Line 3, P2: ")
    assert not Partner.objects.exists()


def test_what_is_exported_is_imported_unchanged(file: Path, tmp_path: Path) -> None:
    done("import", str(file), "--apply")
    for name in ("out.csv", "out.json"):
        out = tmp_path / name
        assert done("export", "--out", str(out)) == f"2 partners written to {out}"
        assert answered("import", str(out))["unchanged"] == 2
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfid,name,")
    assert done("export").startswith("id,name,enabled,")
    assert [one["id"] for one in answered("export")["partners"]] == ["P1", "P2"]


def test_one_partner_that_is_exported_is_called_one_partner(tmp_path: Path) -> None:
    done("add", "acme")
    assert done("export", "--out", str(tmp_path / "out.csv")) == f"1 partner written to {tmp_path / 'out.csv'}"


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    for command, said in (
        (("import", str(tmp_path / "absent")), f"{tmp_path}/absent cannot be read: there is no such file"),
        (("export", "--out", str(tmp_path / "absent" / "x.csv")), f"{tmp_path}/absent is not a directory"),
    ):
        result = run(*command)
        assert result.exit_code == 1
        assert said in result.stderr
