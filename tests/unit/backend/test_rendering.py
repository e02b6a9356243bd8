"""Seonapi serves what its readers can read. The older formats here are invented: 2 has no `esid_names_rule`."""

import asyncio
from typing import Any

import msgspec
import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from seon.api_messages import TOKEN_HEADER
from seon.backend import rendering
from seon.backend.acting.actors import owner
from seon.backend.api import calls
from seon.backend.configuration.keys import set_setting
from seon.backend.partners.actions import add_partner
from seon.backend.partners.keys import set_partner_setting
from seon.backend.proxies.actions import change_server
from seon.backend.rendering import Formats, Step, UnsayableError, fit, render
from seon.backend.snapshot import encoded_snapshot
from seon.backend.trust.license_actions import issue_license
from seon.backend.trust.token_actions import new_token
from seon.build import this_build
from seon.config import FORMAT, ClientConfiguration, ProxyConfiguration, ServerConfiguration
from seon.link.versions import VersionError


def without_esid_names_rule(tree: dict[str, Any]) -> dict[str, Any]:
    """Say format 3 in format 2, where every ESID named its rule."""
    if not tree["rules"].pop("esid_names_rule"):
        raise UnsayableError("esid_names_rule = no")
    for partner in tree["partners"]:
        if partner["rules"].pop("esid_names_rule", None) is False:
            raise UnsayableError(f"esid_names_rule = no of partner {partner['id']}")
    return tree


def renamed(tree: dict[str, Any]) -> dict[str, Any]:
    """Say format 2 in format 1, where the limits were called otherwise."""
    if "limits" in tree:
        tree["bounds"] = tree.pop("limits")
    return tree


def same(tree: dict[str, Any]) -> dict[str, Any]:
    """Say a part in the format before, which had the same words for it."""
    return tree


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give Seonapi the words for two formats before the first."""
    monkeypatch.setitem(rendering.STEPS, FORMAT, Step(without_esid_names_rule, without_esid_names_rule, same))
    monkeypatch.setitem(rendering.STEPS, FORMAT - 1, Step(renamed, renamed, renamed))


def served(client: int = FORMAT, server: int = FORMAT) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(encoded_snapshot("127.0.0.1", Formats(client, server)))
    return found


def test_readers_of_our_version_or_a_newer_one_get_our_format() -> None:
    assert rendering.STEPS == {}, "compatibility begins with this format"
    for newest in (FORMAT, FORMAT + 5):
        found = served(newest, newest)
        assert (found["format"], found["server_format"]) == (FORMAT, FORMAT)
        assert msgspec.convert(found["server"], ServerConfiguration) == ServerConfiguration()
        assert msgspec.convert(found["client"], ClientConfiguration) == ClientConfiguration()


@pytest.mark.usefixtures("steps")
def test_each_reader_gets_the_newest_format_that_it_knows() -> None:
    add_partner(owner(), "P1", "One", [], [])
    both, server_older, client_older = served(), served(server=FORMAT - 1), served(client=FORMAT - 1)
    assert (server_older["format"], server_older["server_format"]) == (FORMAT, FORMAT - 1)
    assert (client_older["format"], client_older["server_format"]) == (FORMAT - 1, FORMAT)
    assert "esid_names_rule" in both["server"]["rules"]
    assert "esid_names_rule" not in server_older["server"]["rules"]
    assert server_older["client"] == both["client"]
    assert "esid_names_rule" not in client_older["client"]["rules"]
    assert client_older["server"] == both["server"]
    assert server_older["server"]["partners"][0]["id"] == "P1"


@pytest.mark.usefixtures("steps")
def test_a_much_older_format_is_said_in_as_many_steps_as_it_takes() -> None:
    found = served(FORMAT - 2, FORMAT - 2)
    for part in (found["server"], found["client"]):
        assert "esid_names_rule" not in part["rules"]
        assert part["bounds"]["sessions"] == 200
        assert "limits" not in part


@pytest.mark.usefixtures("steps")
def test_what_a_server_has_for_itself_is_said_in_its_format(proxy_id: str) -> None:
    issue_license(owner(), proxy_id, 30)
    change_server(owner(), proxy_id, external_port="7000", sessions="7")
    found = served(server=FORMAT - 2)["servers"][proxy_id]
    assert found["external_port"] == 7000
    assert found["bounds"]["sessions"] == 7


@pytest.mark.usefixtures("steps")
def test_a_client_of_our_version_hands_on_a_part_in_another_format() -> None:
    octets = encoded_snapshot("127.0.0.1", Formats(FORMAT, FORMAT - 2))
    found = msgspec.json.decode(octets, type=ProxyConfiguration)
    assert found.server_format == FORMAT - 2
    assert b'"bounds"' in bytes(found.server)


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize(
    ("formats", "reader"), [((FORMAT, FORMAT - 1), "the server"), ((FORMAT - 2, FORMAT), "the client")]
)
def test_a_setting_that_cannot_be_said_is_refused_with_both_versions_and_the_host_to_upgrade(
    formats: tuple[int, int], reader: str
) -> None:
    add_partner(owner(), "P1", "One", [], [])
    for key, undo, name in (
        (lambda value: set_setting("esid_names_rule", value), "yes", "esid_names_rule = no cannot"),
        (lambda value: set_partner_setting("P1", "esid_names_rule", value), "", "esid_names_rule = no of partner P1"),
    ):
        key("no")
        with pytest.raises(VersionError) as refused:
            served(*formats)
        said = str(refused.value)
        assert name in said
        assert f"cannot be said in configuration format {FORMAT - 1}" in said
        assert f"Seonapi ({this_build().short}) knows {FORMAT}, {reader} knows up to {min(formats)}" in said
        assert f"upgrade the host of {reader}" in said
        served(FORMAT, FORMAT)
        key(undo)
        served(*formats)


@pytest.mark.usefixtures("steps")
def test_a_reader_that_is_too_old_is_named() -> None:
    with pytest.raises(VersionError, match=f"knows configuration format {FORMAT - 2} to {FORMAT}, the server knows up"):
        served(server=FORMAT - 3)
    with pytest.raises(VersionError, match="upgrade the host of the client"):
        served(client=0)


@pytest.mark.usefixtures("steps")
def test_a_client_is_told_at_enrolment_whether_it_fits() -> None:
    fit("b", FORMAT - 2, FORMAT - 2)
    fit("b", FORMAT, FORMAT + 1)
    with pytest.raises(VersionError, match="upgrade the host of Seonapi"):
        fit("b", FORMAT + 1, FORMAT + 1)
    with pytest.raises(VersionError, match="upgrade the host of the client"):
        fit("b", 0, FORMAT - 3)


def test_the_steps_go_down_without_a_gap() -> None:
    assert sorted(rendering.STEPS) == list(range(rendering.seonapi().oldest + 1, FORMAT + 1))


def test_rendering_changes_nothing_of_what_is_rendered(steps: None) -> None:
    server, client = ServerConfiguration(), ClientConfiguration()
    render(1, server, client, {}, {}, Formats(FORMAT - 2, FORMAT - 2))
    assert (server, client) == (ServerConfiguration(), ClientConfiguration())


@pytest.mark.usefixtures("steps")
def test_the_api_serves_the_formats_that_are_asked_for() -> None:
    def asked(question: str) -> HttpResponse:
        request = RequestFactory().get("/configuration?" + question, headers={TOKEN_HEADER: secret})
        return asyncio.run(calls.configuration(request))

    secret = new_token(owner(), "main", []).rpartition(".")[2]
    older = msgspec.json.decode(asked(f"format={FORMAT}&server_format={FORMAT - 1}").content)
    assert (older["format"], older["server_format"]) == (FORMAT, FORMAT - 1)
    set_setting("esid_names_rule", "no")
    refused = asked(f"server_format={FORMAT - 1}")
    assert refused.status_code == 409
    assert b"upgrade the host of the server" in refused.content
    assert asked("").status_code == 200
    assert asked("format=x").status_code == 400
