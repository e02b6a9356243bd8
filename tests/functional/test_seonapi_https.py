"""The real `seonapi init` and `seonapi serve`, called over https as the client and a browser call them."""

import asyncio
import hashlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates import make, parse_license
from functional.processes import eventually
from functional.seonapi import PASSWORD, SEONAPI, Installation
from ports import free_port
from seon.api_messages import (
    MAX_BODY,
    PATH,
    TOKEN_HEADER,
    CrlSource,
    CrlSources,
    Enrol,
    Enrolled,
    EventBatch,
    EventsStored,
    Problem,
    SealedKey,
    SealedKeyWanted,
)
from seon.config import FORMAT, OLDEST_FORMAT, ProxyConfiguration, ServerConfiguration
from seon.events import Event
from seon.link.identity import check_link_client, new_link_request, proxy_id_of
from seon.link.sealing import EphemeralKey
from seon.link.standing import Standing

TOLD = 20
"""Refused calls of one source that have an entry each within a minute."""
UNRELEASED = ("configuration", "0002_session_rules", "2026-11-24 03:10:00")
"""A migration as the database keeps it."""


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation as `seonapi init` leaves it; each test gets a copy of its own."""
    installation = Installation(tmp_path_factory.mktemp("fresh") / "home")
    assert PASSWORD not in installation.init("--host", "seonapi.example")
    return installation.home


@pytest.fixture
def installation(fresh: Path, tmp_path: Path) -> Iterator[Installation]:
    home = tmp_path / "home"
    shutil.copytree(fresh, home)
    made = Installation(home)
    yield made
    made.close()


@pytest.fixture
def server_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def own_files(tmp_path: Path) -> tuple[Path, Path]:
    """Key and certificate of the company."""
    made = make("Our company")
    paths = tmp_path / "own.pem", tmp_path / "own.key"
    paths[0].write_text(made.pem)
    paths[1].write_bytes(made.old_key_pem)
    return paths


def test_what_init_makes_belongs_to_this_user_alone(fresh: Path) -> None:
    made = [fresh, *fresh.rglob("*")]
    assert {"secret.key", "https.key", "seonapi.sqlite3"} <= {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_what_the_programs_make_is_private_though_their_umask_hides_nothing(
    installation: Installation, server_key: Ed25519PrivateKey, own_files: tuple[Path, Path], tmp_path: Path
) -> None:
    """With the umask 000 of some service managers, and all that the programs of the inside make in a day."""
    proxy_id, out = proxy_id_of(server_key.public_key()), tmp_path / "out"
    umask = os.umask(0)
    try:
        out.mkdir()
        installation.run("license", "issue", proxy_id, "--out", str(out / "license"))
        installation.run("certificate", "request", "add", "ours.example", "--out", str(out / "request"))
        installation.run("partner", "add", "P1", "--code", "O0013P1", "--certificate", str(own_files[0]))
        installation.run("partner", "export", "--out", str(out / "partners.csv"))
        installation.run("queue", "--once")
        installation.serve()
        with installation.caller() as api:
            assert api.get("ca").status_code == 200
    finally:
        os.umask(umask)
    for path in installation.home.rglob("*"):
        others = 0o044 if path.suffix == ".pid" else 0  # a number for people, in a directory that is closed
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == others, path
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()}
    assert modes == {"license": 0o644, "request": 0o644, "partners.csv": 0o600}, "a license and a request are public"


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.content, type=Problem).error


def test_the_whole_way_of_a_client_from_first_contact_to_sealed_key(
    installation: Installation, server_key: Ed25519PrivateKey, own_files: tuple[Path, Path], tmp_path: Path
) -> None:
    proxy_id = proxy_id_of(server_key.public_key())
    installation.run("license", "issue", proxy_id, "--out", str(tmp_path / "lic"))
    assert parse_license((tmp_path / "lic").read_bytes(), proxy_id).problem_at(time.time()) is None
    assert (tmp_path / "lic").stat().st_mode & 0o022 == 0
    token = installation.run("token", "add", "client", "--proxy-id", proxy_id)
    installation.run("certificate", "add", "--chain", str(own_files[0]), "--key", str(own_files[1]), "--use")
    installation.run(
        "partner", "add", "P1", "--code", "O0013P1", "--certificate", str(own_files[0]), "--host", "p1.example"
    )
    installation.run("listener", "add", "--client", "main/::1", "--port", "4305", "--partner", "P1")
    installation.run("set", "receive_daemon", "127.0.0.1:3305")
    installation.serve()

    # First contact: unverified and without credentials, then compared with the token's hash.
    first = httpx.get(f"https://localhost:{installation.port}{PATH}ca", verify=False, trust_env=False)
    prefix, pin, _ = token.split(".")
    der = x509.load_pem_x509_certificate(first.content).public_bytes(serialization.Encoding.DER)
    assert (prefix, pin) == ("seon1", hashlib.sha256(der).hexdigest())

    with installation.caller(token) as api:
        _, csr = new_link_request()
        answer = api.post("enrol", content=msgspec.json.encode(Enrol(csr, "b", OLDEST_FORMAT, FORMAT)))
        enrolled = msgspec.json.decode(answer.content, type=Enrolled)
        assert enrolled.proxy_ids == (proxy_id,)
        certificate = x509.load_pem_x509_certificate(enrolled.certificate.encode())
        mark = check_link_client(certificate, proxy_id)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(enrolled.link_ca.encode()))
        assert 6 * 86_400 < enrolled.not_after - time.time() <= 7 * 86_400

        configuration = msgspec.json.decode(api.get("configuration").content, type=ProxyConfiguration)
        assert (configuration.format, configuration.server_format) == (FORMAT, FORMAT)
        assert list(msgspec.json.decode(configuration.standings[proxy_id], type=Standing).marks) == [mark]
        server = msgspec.json.decode(configuration.server, type=ServerConfiguration)
        assert server.partners[0].ssid_codes == ("O0013P1",)
        assert configuration.client.listeners[0].partner == "P1"  # ::1 counts as 127.0.0.1 (A8)
        assert configuration.client.receive_daemon is not None
        own = server.own_certificate
        assert own is not None
        assert own.chain == own_files[0].read_text()

        key = EphemeralKey(server_key)
        wanted = SealedKeyWanted(
            proxy_id=proxy_id, mlkem_key=key.mlkem_key, x25519_key=key.x25519_key,
            signature=key.signature, certificate_id=own.id,
        )  # fmt: skip
        answer = api.post("sealed-key", content=msgspec.json.encode(wanted))
        opened = key.open(msgspec.json.decode(answer.content, type=SealedKey))
        private = serialization.load_pem_private_key(opened, None)
        assert private.public_key() == x509.load_pem_x509_certificate(own.chain.encode()).public_key()

        forged = msgspec.structs.replace(wanted, x25519_key=bytes(31) + b"\1")
        answer = api.post("sealed-key", content=msgspec.json.encode(forged))
        assert (answer.status_code, "not signed" in problem(answer)) == (403, True)
        other = EphemeralKey(Ed25519PrivateKey.generate())
        stranger = SealedKeyWanted(
            proxy_id=other.proxy_id, mlkem_key=other.mlkem_key, x25519_key=other.x25519_key,
            signature=other.signature, certificate_id=own.id,
        )  # fmt: skip
        answer = api.post("sealed-key", content=msgspec.json.encode(stranger))
        assert (answer.status_code, "No license" in problem(answer)) == (403, True)
        ahead = make("Our next certificate")
        next_files = tmp_path / "next.pem", tmp_path / "next.key"
        next_files[0].write_text(ahead.pem)
        next_files[1].write_bytes(ahead.old_key_pem)
        installation.run("certificate", "add", "--chain", str(next_files[0]), "--key", str(next_files[1]))
        unused = msgspec.structs.replace(wanted, certificate_id=ahead.fingerprint)
        answer = api.post("sealed-key", content=msgspec.json.encode(unused))
        assert (answer.status_code, "in use" in problem(answer)) == (404, True), "nobody needs its key yet"
        absent = msgspec.structs.replace(wanted, certificate_id="none")
        assert api.post("sealed-key", content=msgspec.json.encode(absent)).status_code == 404
    assert opened not in installation.log.encode()
    assert token.rpartition(".")[2] not in installation.log
    assert installation.stop() == 0


def test_a_call_without_a_valid_token_is_refused_and_logged_with_its_source(installation: Installation) -> None:
    installation.serve()
    posted = ("enrol", "sealed-key", "events", "crl-sources", "refused", "live", "orders-done")
    paths = (*posted, "configuration", "blobs/" + "0" * 64)
    wrong = [(path, token) for path in paths for token in ("", "wrong")] + [("enrol", "x" * 5_000)]
    assert len(wrong) < TOLD, "each is told by an entry of its own"
    for path, token in wrong:
        method = "GET" if path.startswith(("configuration", "blobs")) else "POST"
        with installation.caller(token) as api:
            answer = api.request(method, path, content=b"not even JSON" if method == "POST" else None)
        assert answer.status_code == 401, path
        assert "seonapi token add" in problem(answer)
    lines = [line for line in installation.log.splitlines() if "AUD-TOKEN" in line]
    assert len(lines) == len(wrong)
    assert all("from 127.0.0.1" in line for line in lines)


def test_a_waiting_call_sees_a_change_within_half_a_second_and_holds_nobody_up(installation: Installation) -> None:
    token = installation.run("token", "add", "client")
    installation.serve()

    async def scenario() -> tuple[list[int], float, float, float]:
        headers = {TOKEN_HEADER: token.rpartition(".")[2]}
        base = f"https://localhost:{installation.port}{PATH}"
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(
            base_url=base, verify=installation.tls, headers=headers, timeout=60, limits=limits, trust_env=False
        ) as api:
            known = (await api.get("configuration")).json()["version"]
            assert (await api.get(f"configuration?known={known}")).status_code == 204
            began = time.monotonic()  # how fast this machine is now; the connections are made here, too
            await asyncio.gather(*(api.get("configuration") for _ in range(40)))
            usual = time.monotonic() - began
            waiting = [asyncio.create_task(api.get(f"configuration?known={known}&wait=50")) for _ in range(40)]
            await asyncio.sleep(1.5)
            began = time.monotonic()
            assert (await api.get("ca")).status_code == 200
            quick = time.monotonic() - began
            assert not any(task.done() for task in waiting)
            change = await asyncio.create_subprocess_exec(
                SEONAPI, "set", "external_port", "7000", env=installation.environment, stdout=subprocess.DEVNULL
            )
            seen_by_all = asyncio.gather(*waiting)
            await change.wait()
            changed = time.monotonic()
            answers = await seen_by_all
            return [a.json()["server"]["external_port"] for a in answers], quick, time.monotonic() - changed, usual

    ports, quick, late, usual = asyncio.run(scenario())
    assert set(ports) == {7_000}
    assert quick < max(0.5, usual)  # one call among 40 that wait, next to 40 that do not
    assert late < max(1.0, 0.25 + 2 * usual)  # 0.25 s until it is read; the rest is 40 answers


def test_withdrawing_a_token_ends_its_waiting_call(installation: Installation) -> None:
    token = installation.run("token", "add", "client")
    installation.serve()
    with installation.caller(token) as api:
        known = api.get("configuration").json()["version"]
        withdrawal = subprocess.Popen(
            [SEONAPI, "token", "withdraw", "client"], env=installation.environment, stdout=subprocess.DEVNULL
        )
        answer = api.get(f"configuration?known={known}&wait=30")
        assert withdrawal.wait(20) == 0
        assert answer.status_code == 401


def test_events_are_stored_once_and_the_dmz_never_overrules_the_inside(installation: Installation) -> None:
    token = installation.run("token", "add", "client")
    installation.serve()
    start = Event(
        id="s1-inside-1", code="SES-START", time=time.time(), hop="inside", session="s1",
        fields={"partner": "P1", "direction": "incoming", "source": "10.0.0.1", "target": "sta", "tls": "1.3"},
    )  # fmt: skip
    same_id = msgspec.structs.replace(start, hop="dmz", fields={"partner": "forged\n\0line"})
    end = Event(
        id="s1-inside-2", code="SES-END", time=1e300, hop="inside", session="s1",
        fields={"partner": "P1", "ended_by": "partner", "octets_in": 5, "octets_out": 2**70, "files": 1},
    )  # fmt: skip
    with installation.caller(token) as api:
        for batch in ((start,), (same_id, start, end), (start, end)):
            answer = api.post("events", content=msgspec.json.encode(EventBatch(events=batch)))
            assert msgspec.json.decode(answer.content, type=EventsStored).stored == len(batch)
        with_field = msgspec.json.encode(EventBatch(events=(start,))).replace(b'"hop"', b'"hup"')
        assert api.post("events", content=with_field).status_code == 400
    installation.stop()
    question = (
        "from seon.backend.loading import load_django; load_django()\n"
        "from seon.backend.journal.models import Entry, Session\n"
        "print(Entry.objects.filter(session='s1').count())\n"
        "print([(s.partner, s.octets_in, s.files, s.ended_by) for s in Session.objects.all()])"
    )
    told = subprocess.run(
        [sys.executable, "-c", question], env=installation.environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "3\n[('P1', 5, 1, 'partner')]"


def test_malformed_calls_get_a_problem_with_the_right_status(installation: Installation) -> None:
    token = installation.run("token", "add", "client")
    installation.serve()
    with installation.caller(token) as api:
        assert api.get("enrol").status_code == 405
        assert api.get("nothing").status_code == 404
        assert "There is no call" in problem(api.get("nothing"))
        assert api.get("blobs/" + "0" * 64).status_code == 404
        assert api.get("blobs/../../secret.key").status_code == 404
        for bad in ("known=-1", "known=x", "known=9" + "9" * 30, "wait=51", "wait=1.5", "known=%D9%A1"):
            assert api.get("configuration?" + bad).status_code == 400, bad
        assert api.post("events", content=b"\xff{").status_code == 400
        answer = api.post("enrol", content=msgspec.json.encode(Enrol("no CSR", "b", OLDEST_FORMAT, FORMAT)))
        assert (answer.status_code, "license issue" in problem(answer)) == (409, True)
        assert (
            api.post(
                "crl-sources", content=msgspec.json.encode(CrlSources((CrlSource("http://a/b", b"der"),)))
            ).status_code
            == 204
        )
        assert api.post("events", content=bytes(MAX_BODY + 1)).status_code == 413
        assert api.post("events", content=(bytes(65_536) for _ in range(80))).status_code == 413  # chunked, no length


def test_basic_authentication_is_demanded_besides_where_it_is_configured(
    installation: Installation, tmp_path: Path
) -> None:
    secret = tmp_path / "basic"
    secret.write_text("client:päss\n")
    installation.extra["SEON_BASIC_AUTH_FILE"] = str(secret)
    token = installation.run("token", "add", "client")
    installation.serve()
    with installation.caller(token) as api:
        assert api.get("configuration").status_code == 401
        refused = api.get("configuration", auth=("client", "wrong"))
        assert (refused.status_code, "not user and password of HTTP Basic" in problem(refused)) == (401, True)
        assert api.get("configuration", auth=("client", "päss")).status_code == 200
    with installation.caller() as api:
        refused = api.get("configuration", auth=("client", "päss"))
        assert (refused.status_code, "No valid security token" in problem(refused)) == (401, True)


def test_an_administrator_logs_in_and_every_page_of_the_panel_stands(installation: Installation) -> None:
    installation.run("token", "add", "client")
    installation.serve()
    base = f"https://localhost:{installation.port}"
    with httpx.Client(base_url=base, verify=installation.tls, follow_redirects=True, trust_env=False) as browser:
        page = browser.get("/")
        assert page.url.path == "/panel/login/"
        assert "Seon SmartProxy" in page.text
        assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("style-src")[0]
        stylesheet = re.search(r'href="(/static/unfold/[^"]+\.css)"', page.text)
        assert stylesheet is not None
        assert browser.get(stylesheet[1]).headers["content-type"].startswith("text/css")
        page = log_in(browser, page, PASSWORD)
        assert page.url.path == "/panel/"
        assert all("Secure" in c and "SameSite=Strict" in c for c in cookies_of(page))
        lists = sorted(set(re.findall(r'href="(/panel/[a-z/-]+/)"', page.text)))
        assert len(lists) >= 20
        for path in lists:
            assert browser.get(path).status_code == 200, path
        settings = browser.get("/panel/configuration/tcp-ip/")
        assert 'name="external_port"' in settings.text
        token_page = browser.get("/panel/tokens/1/").text
        assert "seon1." not in token_page
        assert not re.search(r"[0-9a-f]{64}", token_page)


def test_a_change_in_the_panel_is_a_new_version_and_an_event_with_its_user(installation: Installation) -> None:
    token = installation.run("token", "add", "client")
    installation.serve()
    base = f"https://localhost:{installation.port}"
    with (
        httpx.Client(base_url=base, verify=installation.tls, follow_redirects=True, trust_env=False) as browser,
        installation.caller(token) as api,
    ):
        log_in(browser, browser.get("/panel/login/"), PASSWORD)
        before = api.get("configuration").json()["version"]
        path = "/panel/configuration/tcp-ip/"
        refused = submit(browser, path, "port", {"external_port": "0"})
        assert "Enter a whole number from 1 to 65535." in refused.text
        assert "Saved." in submit(browser, path, "port", {"external_port": "7000"}).text
        host = {"receive_daemon_host": "sta.example"}
        assert "Saved." in submit(browser, "/panel/configuration/proxy/", "daemon", host).text
        after = api.get("configuration").json()
        assert after["version"] > before
        assert after["server"]["external_port"] == 7_000
        assert after["client"]["receive_daemon"]["host"] == "sta.example"
        partner = {
            "identifier": "P1", "name": "One", "enabled": "on", "port": "6619", "codes": "O0013P1",
            "pem": own_files[0].read_text(),
        }  # fmt: skip
        wrong = submit(browser, "/panel/partners/add/", "add", partner | {"pem": "<b>no PEM</b>"})
        assert "No certificate can be read there" in wrong.text
        assert "<b>no PEM</b>" not in wrong.text
        submit(browser, "/panel/partners/add/", "add", partner)
        (shown,) = api.get("configuration").json()["server"]["partners"]
        assert (shown["id"], shown["ssid_codes"], len(shown["pins"])) == ("P1", ["O0013P1"], 1)
        audit = browser.get("/panel/audit/").text
        for said in ("settings.change", "external_port", "partner.add"):
            assert said in audit


def submit(browser: httpx.Client, path: str, do: str, values: dict[str, str]) -> httpx.Response:
    """Fill in a form of a page as a browser does: what it shows, with these values in their places."""
    page = browser.get(path)
    form = next(form for form in page.text.split("<form")[1:] if f'name="do" value="{do}"' in form)
    shown = re.findall(r'<input[^>]*name="([^"]+)"[^>]*?value="([^"]*)"', form.partition("</form>")[0])
    return browser.post(path, data=dict(shown) | values, headers={"Referer": str(page.url)})


def test_the_queue_daemon_says_ready_and_ends_in_order(installation: Installation) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(
            [SEONAPI, "queue"],
            env=installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            assert process.wait(10) == 0
            assert process.stdout.read() == ""
    assert "Seon send queue daemon ended" in (installation.home / "log" / "queue.log").read_text()


def test_five_wrong_passwords_lock_the_door(installation: Installation) -> None:
    installation.serve()
    base = f"https://localhost:{installation.port}"
    with httpx.Client(base_url=base, verify=installation.tls, follow_redirects=True, trust_env=False) as browser:
        for _ in range(5):
            page = log_in(browser, browser.get("/panel/login/"), "wrong password")
        assert page.status_code == 429
        assert log_in(browser, browser.get("/panel/login/"), PASSWORD).status_code == 429


def log_in(browser: httpx.Client, page: httpx.Response, password: str) -> httpx.Response:
    field_value = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert field_value is not None
    data = {"username": "admin", "password": password, "csrfmiddlewaretoken": field_value[1], "next": "/panel/"}
    return browser.post("/panel/login/", data=data, headers={"Referer": str(page.url)})


def cookies_of(page: httpx.Response) -> list[str]:
    return [value for answer in (*page.history, page) for value in answer.headers.get_list("set-cookie")]


def test_a_start_on_a_taken_port_is_one_clear_line(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = installation.run("serve", "--listen", f"127.0.0.1:{port}", fails=True)
    assert said == f"Error: 127.0.0.1:{port} cannot be opened: Address already in use"
    assert list(installation.home.glob("*.pid")) == []


def test_a_second_start_on_the_same_port_is_one_clear_line(installation: Installation) -> None:
    installation.serve()
    assert installation.process is not None
    path = installation.home / f"seonapi_serve.{installation.port}.pid"
    assert path.read_text() == f"{installation.process.pid}\n"
    for option in ([], ["--replace-stale-pid"]):
        said = installation.run("serve", "--listen", f"127.0.0.1:{installation.port}", *option, fails=True)
        assert said.startswith(f"Error: The PID file {path} exists: process {installation.process.pid} is running")
        assert "SEON_HOME" in said
        assert "\n" not in said
    assert installation.stop() == 0
    assert not path.exists()


def queue_daemon(installation: Installation, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [SEONAPI, "queue", *arguments], env=installation.environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_second_queue_daemon_in_one_directory_is_refused_and_a_single_round_beside_it_too(
    installation: Installation,
) -> None:
    path = installation.home / "seonapi_queue.pid"
    with queue_daemon(installation) as first:
        try:
            for arguments in ([], ["--replace-stale-pid"]):
                said = installation.run("queue", *arguments, fails=True)
                assert said.startswith(f"Error: The PID file {path} exists: process {first.pid} is running")
            said = installation.run("queue", "--once", fails=True)
            assert f"A queue daemon is active and does that round anyway: process {first.pid}" in said
        finally:
            first.terminate()
        assert first.wait(15) == 0
    assert not path.exists()
    assert "ignore-rules: nothing to do" in installation.run("queue", "--once")
    assert not path.exists()


def test_after_a_kill_the_queue_daemon_starts_on_demand_where_it_was(installation: Installation) -> None:
    with queue_daemon(installation) as first:
        first.kill()
    assert f"process {first.pid} in it is dead" in installation.run("queue", fails=True)
    assert "ignore-rules: nothing to do" in installation.run("queue", "--once"), "a round needs no PID file"
    with queue_daemon(installation, "--replace-stale-pid") as second:
        assert (installation.home / "seonapi_queue.pid").read_text() == f"{second.pid}\n"
        second.terminate()
        assert second.wait(15) == 0


def test_sigterm_at_any_moment_of_a_start_leaves_no_pid_file(installation: Installation) -> None:
    """The file is there before Seonapi answers: who stops it then must be able to start it again."""
    port = free_port()
    path = installation.home / f"seonapi_serve.{port}.pid"
    command = [SEONAPI, "serve", "--listen", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, env=installation.environment)
    eventually(path.exists)
    process.terminate()
    process.wait(20)
    assert not path.exists()


def test_a_database_of_an_unreleased_version_is_told_by_every_command(installation: Installation) -> None:
    with closing(sqlite3.connect(installation.home / "seonapi.sqlite3")) as database:
        database.execute("ALTER TABLE configuration_settings DROP COLUMN outgoing_address")
        database.commit()
        for command in (["init"], ["serve"], ["queue", "--once"]):
            assert "Make the installation anew" in installation.run(*command, fails=True)
        assert "run `seonapi init`" in installation.run("get", fails=True)
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, ?)", UNRELEASED)
        database.commit()
    for command in (["init"], ["serve"], ["queue", "--once"], ["get"], ["token", "list"]):
        assert "Make the installation anew" in installation.run(*command, fails=True)


def test_the_names_given_at_init_are_the_names_it_answers_to(installation: Installation) -> None:
    installation.serve()
    with installation.caller() as api:
        url = f"https://127.0.0.1:{installation.port}/panel/login/"
        assert api.get(url).status_code == 200
        assert api.get(url, headers={"Host": "seonapi.example"}).status_code == 200
        assert api.get(url, headers={"Host": "evil.example"}).status_code == 400


def test_no_program_starts_without_the_master_key_of_its_database(installation: Installation) -> None:
    key = installation.home / "secret.key"
    right = key.read_bytes()
    commands = (["init"], ["serve"], ["queue", "--once"], ["get"], ["token", "add", "main"])
    key.unlink()
    for command in commands:
        assert "is missing, and the database has secrets" in installation.run(*command, fails=True)
    assert not key.exists(), "nobody made a second one"
    key.write_text("00" * 32)
    key.chmod(0o600)
    for command in commands:
        assert "another one than that of this database" in installation.run(*command, fails=True)
    key.write_bytes(right)
    assert "nothing changed" in installation.run("init")
