"""Seonapi on PostgreSQL: the same promises as on SQLite, and those that several API processes need."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from functional.postgresql import Cluster, running_cluster
from functional.processes import eventually
from functional.seonapi import Installation
from seon.api_messages import Enrol, Enrolled, EventBatch, EventsStored
from seon.config import FORMAT, OLDEST_FORMAT, ProxyConfiguration, ServerConfiguration
from seon.events import Event, Value
from seon.link.identity import new_link_request, proxy_id_of

# One cluster for all of them.
WRITERS, ROUNDS = 4, 8
WAITING = 16
"""Calls at once: more than connections that Seonapi keeps, with those of its own tasks."""
WRITER = """
import sys
from seon.backend.loading import load_django
load_django()
from seon.backend.partners.models import Partner
number, rounds = map(int, sys.argv[1:])
mine = Partner(identifier=f"P{number}", name="One")
print("ready", flush=True)
sys.stdin.readline()
for round in range(rounds):
    mine.port = 7_000 + round
    mine.save()
    Partner.objects.filter(name="One").update(host=f"host{number}")
    short_lived = Partner.objects.create(identifier=f"P{number}-{round}", name="One")
    short_lived.delete()
"""
CHANGES = 4 * ROUNDS * WRITERS


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def fresh(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation as `seonapi init` leaves it, in the database `fresh`; each test gets a copy of its own."""
    installation = Installation(tmp_path_factory.mktemp("fresh") / "home")
    installation.extra["SEON_DATABASE_URL"] = cluster.new_database("fresh")
    assert "made database" in installation.init()
    return installation.home


@pytest.fixture
def made(cluster: Cluster, fresh: Path, tmp_path: Path) -> Installation:
    """The test's own installation, in the database `seon`."""
    shutil.copytree(fresh, tmp_path / "home")
    return Installation(tmp_path / "home", extra={"SEON_DATABASE_URL": cluster.new_database("seon", "fresh")})


@pytest.fixture
def serve(made: Installation) -> Iterator[Callable[[], Installation]]:
    """Start an API process of the installation; as many as called for."""
    serving: list[Installation] = []

    def start() -> Installation:
        serving.append(Installation(made.home, extra=made.extra))
        serving[-1].serve()
        return serving[-1]

    yield start
    for one in serving:
        one.close()


def test_changes_that_come_at_once_neither_fail_nor_get_lost(made: Installation, cluster: Cluster) -> None:
    question = "SELECT number FROM configuration_version"
    assert cluster.ask("seon", question) == []
    writers = [writer(made, number) for number in range(WRITERS)]
    for one in writers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(WRITERS) as pool:
        said = list(pool.map(lambda one: one.communicate("go\n", timeout=60), writers))
    assert said == [("", "")] * WRITERS
    assert cluster.ask("seon", question) == [(CHANGES,)]
    assert cluster.ask("seon", "SELECT count(*), min(port) FROM partners_partner") == [(WRITERS, 7_000 + ROUNDS - 1)]


def writer(made: Installation, number: int) -> "subprocess.Popen[str]":
    """Start a process that changes partners as soon as it is told to."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(number), str(ROUNDS)],
        env=made.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_client_enrols_and_its_waiting_call_sees_a_change_made_at_another_api_process(
    made: Installation, serve: Callable[[], Installation], tmp_path: Path
) -> None:
    proxy_id = proxy_id_of(Ed25519PrivateKey.generate().public_key())
    made.run("license", "issue", proxy_id, "--out", str(tmp_path / "license"))
    token = made.run("token", "add", "client", "--proxy-id", proxy_id)
    made.run("partner", "add", "PARTNER", "--code", "O0013PARTNER", "--host", "partner.example")
    one, other = serve(), serve()
    with one.caller(token) as api, other.caller(token) as other_api:
        enrolled = api.post(
            "enrol", content=msgspec.json.encode(Enrol(new_link_request()[1], "b", OLDEST_FORMAT, FORMAT))
        )
        assert msgspec.json.decode(enrolled.content, type=Enrolled).proxy_ids == (proxy_id,)
        before = configuration(other_api)
        assert "PARTNER" in {partner.id for partner in servers_part(before).partners}
        assert configuration(api) == before
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(configuration, waiter, known=before.version, wait=30) for waiter in (api, other_api)]
            assert made.run("set", "receive_daemon", "127.0.0.1:3306") == "receive_daemon = 127.0.0.1:3306"
            changed = time.monotonic()
            after = [call.result() for call in waiting]
            assert time.monotonic() - changed < 2
    assert after[0] == after[1]
    assert after[0].version == before.version + 1
    assert after[0].client.receive_daemon is not None
    assert after[0].client.receive_daemon.port == 3_306


def configuration(api: httpx.Client, **question: int) -> ProxyConfiguration:
    """Ask for the configuration. What says which tokens count is signed for each answer anew, and left out."""
    answer = api.get("configuration", params=question)
    assert answer.status_code == 200, answer.text
    asked = msgspec.json.decode(answer.content, type=ProxyConfiguration)
    assert all(asked.standings.values()), "each server's is there"
    return msgspec.structs.replace(asked, standings={})


def servers_part(configuration: ProxyConfiguration) -> ServerConfiguration:
    """Read the part that the client does not read."""
    return msgspec.json.decode(configuration.server, type=ServerConfiguration)


def told(code: str, hop: Literal["dmz", "inside"], **fields: Value) -> EventBatch:
    """Return a batch with one event of a session."""
    event = Event(id=f"s1-{hop}-{code}", code=code, time=time.time(), hop=hop, session="s1", fields=fields)
    return EventBatch(events=(event,))


START = told("SES-START", "inside", partner="P1", direction="incoming", target="a\0b")
END = told("SES-END", "inside", partner="P1", ended_by="partner", octets_in=2**70, octets_out=7)
FORGED = told("SES-END", "dmz", partner="forged", ended_by="forged", octets_in=1, octets_out=1)


def test_the_inside_has_the_last_word_even_when_both_hops_report_at_once(
    made: Installation, cluster: Cluster, serve: Callable[[], Installation]
) -> None:
    token = made.run("token", "add", "events")
    with serve().caller(token) as one, serve().caller(token) as other, ThreadPoolExecutor() as pool:
        assert list(pool.map(stored, (one, other), (START, START))) == [1, 1]
        with cluster.holding("seon", "SELECT * FROM journal_session FOR UPDATE"):
            first = pool.submit(stored, one, END)
            eventually(lambda: cluster.waiting() == 1)
            second = pool.submit(stored, other, FORGED)
            eventually(lambda: cluster.waiting() == 2)
        assert (first.result(), second.result()) == (1, 1)
        assert list(pool.map(stored, (one, other), (END, FORGED))) == [1, 1]
    assert cluster.ask("seon", "SELECT code, hop FROM journal_entry WHERE session = 's1' ORDER BY id") == [
        ("SES-START", "inside"), ("SES-END", "inside"), ("SES-END", "dmz")
    ]  # fmt: skip
    question = "SELECT partner, direction, ended_by, octets_in, octets_out FROM journal_session"
    assert cluster.ask("seon", question) == [("P1", "incoming", "partner", 2**63 - 1, 7)]


def stored(api: httpx.Client, batch: EventBatch) -> int:
    """Deliver events; return how many of them are in the journal now."""
    answer = api.post("events", content=msgspec.json.encode(batch))
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=EventsStored).stored


def test_calls_are_answered_again_when_the_database_comes_back(
    made: Installation, cluster: Cluster, serve: Callable[[], Installation]
) -> None:
    token = made.run("token", "add", "restart")
    with serve().caller(token) as api:
        known = configuration(api).version
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(api.get, "configuration", params={"known": known, "wait": 20})
            cluster.stop()
            assert waiting.result().status_code == 500
        refused = api.get("configuration")
        assert (refused.status_code, cluster.password in refused.text) == (500, False)
        said = made.run("get", fails=True)
        assert said.startswith("Error: The database cannot be used")
        assert cluster.password not in said
        cluster.start()
        assert configuration(api).version == known
        assert api.get("configuration", params={"known": known, "wait": 1}).status_code == 204
    assert "database: nothing to do" in made.run("queue", "--once")


def test_clients_that_wait_hold_no_connection_to_the_database(
    made: Installation, cluster: Cluster, serve: Callable[[], Installation]
) -> None:
    token, running = made.run("token", "add", "waiting"), serve()
    with running.caller(token) as api, ThreadPoolExecutor(WAITING) as pool:
        api.timeout = 60  # the first one waits for all others
        known, waiting = configuration(api).version, []
        for _ in range(WAITING):
            cluster.change("seon", "DELETE FROM trust_tokenuse")
            waiting.append(pool.submit(configuration, api, known=known, wait=45))
            eventually(lambda: cluster.ask("seon", "SELECT count(*) FROM trust_tokenuse") == [(1,)])
        question = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'seon' AND pid <> pg_backend_pid()"
        eventually(lambda: cluster.ask("seon", question)[0][0] < WAITING)
        assert not any(call.done() for call in waiting)
        made.run("set", "receive_daemon", "127.0.0.1:3306")
        assert {call.result().version for call in waiting} == {known + 1}


def test_a_database_of_an_unreleased_version_is_told(made: Installation, cluster: Cluster) -> None:
    cluster.change("seon", "ALTER TABLE partners_partner DROP COLUMN trace")
    for command in (["init"], ["serve"], ["queue", "--once"]):
        assert "Make the installation anew" in made.run(*command, fails=True)
    cluster.change(
        "seon",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('proxies', '0002_hosts_and_addresses', now())",
    )
    for command in (["init"], ["serve"], ["queue", "--once"], ["get"]):
        assert "Make the installation anew" in made.run(*command, fails=True)
