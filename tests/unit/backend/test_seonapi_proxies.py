"""The commands of servers, clients, licenses, tokens, listening ports and hosts, as click runs them."""

import re
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from seon.backend.proxies.models import Listener
from seon.backend.trust.models import Token
from seon.cli.seonapi import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def done(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    return result.stderr


def test_a_client_that_is_not_there_is_named_with_how_to_see_and_add_clients() -> None:
    for command in (("listener", "remove", "--port", "4305", "--client"), ("client", "change"), ("client", "remove")):
        said = refused(*command, "main", *(("name=x",) if "change" in command else ()))
        assert "There is no client 'main'" in said
        assert "seonapi client list" in said
        assert "seonapi client add NAME ADDRESS" in said


def test_a_key_that_is_typed_twice_is_refused_and_nothing_changes() -> None:
    for command in (("add", "main", "::1"), ("change", "main")):
        said = refused("client", *command, "receive_daemon_host=one", "receive_daemon_host=two")
        assert "'receive_daemon_host=two' is not possible: each is KEY=VALUE, and each key is there once" in said
    assert "each is KEY=VALUE" in refused("client", "change", "main", "name")
    assert "each key is there once" in refused("server", "change", "x", "name=a", "name=b")


def test_a_token_is_printed_alone_and_withdrawn_by_name() -> None:
    assert done("token", "add", "main").startswith("seon1.")
    (row,) = answered("token", "list")
    assert (row["name"], row["withdrawn"], row["used"]) == ("main", False, None)
    done("token", "withdraw", "main")
    assert done("token", "list").splitlines()[1].split() == ["main", "withdrawn", "any", "all", "licensed"]
    assert "withdrawn" in done("token", "show", "main")
    assert "token list" in refused("token", "show", "other")
    assert Token.objects.get().withdrawn_at is not None
    assert "there are: none" in refused("token", "withdraw", "main")


def test_the_list_of_tokens_says_whose_they_are_until_when_they_count_and_that_they_were_rotated(proxy_id: str) -> None:
    done("license", "issue", proxy_id)
    done("client", "add", "main", "10.0.0.5")
    first = done("token", "add", "t", "--client", "main", "--until", "2090-01-31", "--proxy-id", proxy_id)
    assert done("token", "rotate", "t", "--overlap-days", "2").split("\n")[0] != first
    shown = done("token", "list")
    heading, line = shown.splitlines()
    for title, text in {
        "for client": "main", "serves": proxy_id[:16], "valid until (UTC)": "2090-02-01 00:00:00",
        "state": "never used",
    }.items():  # fmt: skip
        assert line[heading.index(title) :].startswith(text), title
    assert "secret before until (UTC)" in heading
    whole = done("token", "show", "t")
    assert "secret before counts until:" in whole
    assert proxy_id in whole
    done("token", "change", "t", "--client", "", "--until", "", "--all-servers")
    (row,) = answered("token", "list")
    assert (row["client"], row["until"], row["servers"]) == ("", None, [])
    (row,) = [answered("token", "show", "t")]
    assert (row["client"], row["until"], row["state"]) == ("", None, "never used")
    assert "Nothing to change" in refused("token", "change", "t")
    assert "nan is no number of days" in refused("token", "rotate", "t", "--overlap-days", "nan")
    for time in ("soon", "9999-12-31"):
        for command in ("add", "change"):
            assert f"{time!r} is no moment; allowed: 2026-12-24" in refused("token", command, "t", "--until", time)
    assert "must be ahead" in refused("token", "add", "u", "--until", "2020-01-01")


def test_licenses_are_listed_and_withdrawn_by_their_serials(proxy_id: str) -> None:
    assert done("license", "list") == "no licenses yet"
    serial = answered("license", "issue", proxy_id)["serial"]
    assert serial in done("license", "list")
    assert f"seonapi license issue {proxy_id}" in done("license", "withdraw", serial)
    (row,) = answered("license", "list")
    assert (row["serial"], row["state"]) == (serial, "withdrawn")
    shown = answered("license", "show", serial.lower())
    assert (shown["proxy_id"], shown["state"], shown["license"][:11]) == (proxy_id, "withdrawn", "-----BEGIN ")
    assert shown["link_ca"] in done("license", "show", serial)
    assert "license list" in refused("license", "show", "00")
    assert "license list" in refused("license", "withdraw", serial)


def test_servers_and_clients_are_changed_and_listed(proxy_id: str) -> None:
    done("license", "issue", proxy_id)
    done("server", "change", proxy_id, "name=west", "external_port=7000", "sessions=5")
    line = done("server", "list").splitlines()[1]
    assert re.fullmatch(rf"{proxy_id}  west  in force +20\S+ \S+ +external_port 7000, sessions 5", line)
    serial = answered("license", "list")[0]["serial"]
    for text in ("external_port:", "7000", "outgoing_address:", "as in general", serial):
        assert text in done("server", "show", "west")
    assert answered("server", "show", proxy_id)["licenses"][0]["serial"] == serial
    done("license", "withdraw", serial)
    assert "none in force" in done("server", "list")
    done("server", "change", "west", "external_port=", "sessions=")
    assert done("server", "list").endswith("all as in general")
    assert "there are: name, external_address" in refused("server", "change", "west", "color=red")
    done("client", "add", "main", "::1", "receive_daemon_host=station.example")
    assert done("client", "list").splitlines()[1].split() == ["main", "127.0.0.1", "station.example", "none"]
    done("token", "add", "t", "--client", "127.0.0.1")
    assert answered("client", "show", "main")["tokens"] == ["t"]
    assert "station.example" in done("client", "show", "::1")
    assert "no client" in refused("client", "show", "other")
    assert "token change NAME --client" in refused("client", "remove", "main")
    done("token", "change", "t", "--client", "")
    assert done("client", "remove", "main").startswith("client main (127.0.0.1) removed")
    assert done("server", "remove", "west") == "server west removed, with its licenses"


def test_a_listener_maps_a_port_to_a_partner() -> None:
    done("partner", "add", "P1")
    answer = answered("listener", "add", "--client", "main/::1", "--port", "4305", "--partner", "P1")
    assert answer == {"client": "main", "address": "127.0.0.1", "port": 4_305, "partner": "P1"}
    assert Listener.objects.count() == 1
    assert "there are: P1" in refused("listener", "add", "--client", "main", "--port", "4306", "--partner", "P9")
    assert answered("listener", "list") == [answer]
    assert "main" in done("listener", "list", "--client", "::1")
    assert "no client" in refused("listener", "list", "--client", "other")
    shown = answered("listener", "show", "--client", "main", "--port", "4305")
    assert (shown["partner"], shown["enabled"]) == ("P1", True)
    assert "dialled at:" in done("listener", "show", "--client", "main", "--port", "4305")
    assert "has no listening port 4306" in refused("listener", "show", "--client", "main", "--port", "4306")


def test_a_listener_is_changed_and_what_cannot_be_changes_nothing() -> None:
    done("partner", "add", "P1")
    done("partner", "add", "P2")
    done("listener", "add", "--client", "main/10.0.0.7", "--port", "4305", "--partner", "P1")
    named = ("--client", "main", "--port", "4305")
    assert "There is no partner 'P9'" in refused("listener", "change", *named, "--partner", "P9")
    assert "literal IPv4" in refused("listener", "change", *named, "--to-address", "host")
    changed = answered("listener", "change", *named, "--to-port", "4306", "--partner", "P2", "--to-address", "10.0.0.7")
    assert changed == {"client": "main", "address": "10.0.0.7", "port": 4_306, "partner": "P2"}
    assert answered("listener", "list") == [changed]


def test_a_port_that_a_client_listens_on_at_two_addresses_is_named_with_its_address() -> None:
    done("partner", "add", "P1")
    for address in ("127.0.0.1", "10.0.0.7"):
        done("listener", "add", "--client", "main/10.0.0.7", "--port", "4305", "--partner", "P1", "--address", address)
    named = ("--client", "main", "--port", "4305")
    for command in ("show", "remove"):
        assert "at 10.0.0.7, 127.0.0.1: say which one by --address" in refused("listener", command, *named)
    assert answered("listener", "show", *named, "--address", "127.0.0.1")["address"] == "127.0.0.1"
    done("listener", "remove", *named, "--address", "127.0.0.1")
    assert answered("listener", "show", *named)["address"] == "10.0.0.7"
    assert "it has: 10.0.0.7:4305" in refused("listener", "remove", "--client", "main", "--port", "4306")


def test_a_token_is_made_by_the_command_of_before_too_and_no_help_shows_it() -> None:
    assert done("token", "add", "main").startswith("seon1.")
    assert not re.search(r"^ +new ", done("token", "--help"), re.MULTILINE)


def test_names_of_this_host_are_listed_added_and_removed() -> None:
    done("host", "add", "seonapi.example", "10.0.0.5")
    assert [row["name"] for row in answered("host", "list")] == [
        "localhost", "seonapi.example", "127.0.0.1", "::1", "10.0.0.5"
    ]  # fmt: skip
    assert "seonapi.example  clients and browsers" in done("host", "list")
    assert answered("host", "remove", "10.0.0.5")["names"] == ["localhost", "seonapi.example", "127.0.0.1", "::1"]
    assert "localhost stays" in refused("host", "remove", "localhost")
