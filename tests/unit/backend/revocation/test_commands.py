"""`seonapi crl` as click runs it: what people and programs see of revocation lists."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from crl_web import make_list, octets, serving
from seon.api_messages import CrlSource
from seon.backend.anchors.models import Anchor
from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.places import remember
from seon.cli.seonapi import main

CA = certificates.make("CA\u202e\x1b[31m", ca=True)
URL = "http://crl.example/ca.crl"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["crl", *map(str, arguments)])


def done(*arguments: object, status: int = 0) -> str:
    result = run(*arguments)
    assert result.exit_code == status, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: object, status: int = 0) -> Any:
    return msgspec.json.decode(done(*arguments, "--json", status=status))


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def reported(url: str = URL) -> str:
    if not Anchor.objects.exists():
        Anchor(name="CA", pem=CA.pem).save()
    remember([CrlSource(url, CA.certificate.public_bytes(Encoding.DER))], "main")
    return str(CrlUrl.objects.get(url=url).pk)


def test_nothing_is_known_at_first() -> None:
    assert done("list").startswith("no revocation lists: none was given by hand")
    assert answered("list") == []
    assert done("fetch") == "there is no list with an address"


def test_a_list_is_added_and_listed_and_shown(file: Callable[[str, bytes], Path]) -> None:
    number = reported()
    path = file("a.crl", make_list(CA, [1, 2], number=7))
    said = done("add", path)
    assert re.fullmatch(
        r"revocation list of CN=CA\S+ taken over, for all its certificates: 2 entries; the next one is due at .* UTC",
        said,
    )
    assert "\x1b" not in said + done("list") + done("show", URL)
    by_hand, by_server = answered("list")
    assert (by_hand["state"], by_hand["kind"], by_hand["entries"], by_hand["url"]) == ("in force", "complete", 2, "")
    assert (by_server["state"], by_server["number"]) == ("not fetched yet", int(number))
    shown = answered("show", by_hand["number"])
    assert (shown["list_number"], shown["for"], shown["pem"]) == ("7", "all certificates of the CA", CA.pem)
    assert answered("show", URL)["named_by"] == "server, by token main"
    assert "not fetched yet" in done("list")
    assert refused("add", path) == f"Error: This list is in force already: given by hand, of {_name()}\n"


def _name() -> str:
    return CrlUrl.objects.get(url=URL).issuer.subject


def test_what_is_no_list_of_a_ca_known_here_is_refused_in_one_line(file: Callable[[str, bytes], Path]) -> None:
    assert refused("add", file("a.crl", b"<html>")) == (
        "Error: The file is not taken: it is no revocation list but a web page (HTML or XML)\n"
    )
    listed = file("b.crl", make_list(CA))
    assert "name its certificate with --issuer FILE" in refused("add", listed)
    assert refused("add", listed, "--issuer", file("html", b"<html>")).startswith("Error: No certificate can be read")
    assert answered("add", listed, "--issuer", file("ca.pem", CA.pem.encode()))["entries"] == 0
    assert refused("fetch", CrlUrl.objects.get().pk).endswith("has no address: seonapi crl add FILE\n")


def test_a_list_is_fetched_now_and_each_step_is_told() -> None:
    done("set", "--private-networks", "127.0.0.1")
    with serving() as web:
        web.answers["a"] = octets(make_list(CA, [1]))
        reported(web.url("a"))
        result = run("fetch", web.url("a"))
        assert (result.exit_code, result.stdout) == (0, "1 list asked for\n")
        for step in ("connecting to 127.0.0.1:", "answer 200 OK", "read: complete, number 1, made ",
                     "signed by the key of", "taken over: 1 entry"):  # fmt: skip
            assert step in result.stderr
        reported(web.url("b"))
        assert done("fetch", status=1) == "2 lists asked for, 1 not to be had"
        good, bad = answered("fetch", status=1)
        assert (good["good"], bad["good"], bad["result"]) == (
            True,
            False,
            "not taken: the web server answers 404 Not Found",
        )


def test_a_place_is_removed() -> None:
    number = reported()
    assert done("remove", number) == f"revocation list removed: {URL}"
    assert refused("remove", number) == f"Error: There is no revocation list '{number}': seonapi crl list\n"


def test_how_lists_are_fetched_is_shown_and_set() -> None:
    assert answered("set") == {"http_proxy": "", "private_networks": [], "refresh_hours": 24}
    assert answered("set", "--http-proxy", "http://p.example:3128", "--refresh-hours", 6) == {
        "http_proxy": "http://p.example:3128", "private_networks": [], "refresh_hours": 6,
    }  # fmt: skip
    assert "HTTP proxy:         http://p.example:3128" in done("set")
    assert "http_proxy: it is http://HOST:PORT" in refused("set", "--http-proxy", "socks5://x:1")
