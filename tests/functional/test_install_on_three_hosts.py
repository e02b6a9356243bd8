"""docs/operating.md, "Install on three hosts" and "After a reboot", followed to the letter on three hosts."""

import hashlib
import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from certificates import make
from functional.chapter import Command, Step, code_in, section, steps_in
from functional.harness import environment
from functional.processes import eventually
from functional.three_hosts import Hosts, Network, need_hosts, three_hosts

CHAPTER = "## Install on three hosts"
OUR_CODE, PARTNER_CODE = "O0013OURS", "O0013ACME"
HOSTS_PYTHON = "/usr/bin/python3"
SEON = str(Path(sys.executable).with_name("seon"))


@dataclass
class World:
    """The three hosts, the company's station inside and the partner's outside."""

    hosts: Hosts
    place: Path
    stations: "list[subprocess.Popen[str]]"

    def start_stations(self) -> None:
        """Start both: they are no part of what is installed, and never end."""
        tls = [
            "--tls",
            "--cert",
            self._file("acme.pem"),
            "--key",
            self._file("acme.key"),
            "--ca",
            self._file("ours.pem"),
        ]
        self._serve("station", "10.0.0.9:3305", OUR_CODE)
        self._serve("partner", "198.51.100.20:6619", PARTNER_CODE, *tls)

    def _serve(self, network: str, listen: str, code: str, *more: str) -> None:
        inbox = str(self.place / f"{network}-inbox")
        station = subprocess.Popen(
            [*self._on(network), "serve", "--listen", listen, "--inbox", inbox, "--code", code, *more],
            env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.stations.append(station)
        assert station.stdout is not None
        assert station.stdout.readline().startswith("ready")

    def _on(self, network: str) -> list[str]:
        found: Network = self.hosts.networks[network]
        return [*found.entering, SEON, "station"]

    def _file(self, name: str) -> str:
        return str(self.place / name)

    def file_goes(self, source: str, target: str, octets: bytes) -> None:
        """Send a file from one station to the other by way of the three hosts; it arrives unchanged."""
        file = self.place / f"from-{source}-{hashlib.sha256(octets).hexdigest()[:8]}"
        file.write_bytes(octets)
        tls = [
            "--tls",
            "--cert",
            self._file("acme.pem"),
            "--key",
            self._file("acme.key"),
            "--ca",
            self._file("ours.pem"),
        ]
        where, code, to, more = {
            "partner": ("dmz.example:6619", PARTNER_CODE, OUR_CODE, tls),
            "station": ("client.example:4305", OUR_CODE, PARTNER_CODE, []),
        }[source]
        where = where.replace("dmz.example", "192.0.2.10").replace("client.example", "10.0.0.7")
        command = ["send", where, str(file), "--code", code, "--destination", to, "--expect-code", to, "--json", *more]

        def sent() -> bool:
            done = subprocess.run([*self._on(source), *command], env=_environment(), capture_output=True, text=True,
                                  timeout=60, check=False)  # fmt: skip
            self.last = done.stdout + done.stderr
            return done.returncode == 0 and bool(json.loads(done.stdout.splitlines()[-1])["ok"])

        eventually(sent, 60, why="the file is sent")
        arrived = [path.read_bytes() for path in (self.place / f"{target}-inbox").iterdir() if path.is_file()]
        assert octets in arrived, self.last


def _environment() -> dict[str, str]:
    return environment(None) | {"SEON_STATION_PASSWORD": "DEMO"}


def _bring_certificates(world: World) -> None:
    """Put what the document asks for where it says: our certificate and key, and the partner's certificate."""
    ours, acme = make("Our company", days=365), make("Acme", days=365)
    (world.place / "ours.pem").write_text(ours.pem)
    (world.place / "acme.pem").write_text(acme.pem)
    (world.place / "acme.key").write_bytes(acme.old_key_pem)
    home = "/var/lib/seonapi"
    seonapi = world.hosts.hosts["seonapi"]
    seonapi.write(f"{home}/ours.pem", ours.pem.encode(), "seonapi")
    seonapi.write(f"{home}/ours.key", ours.old_key_pem, "seonapi", 0o600)
    seonapi.write(f"{home}/acme.pem", acme.pem.encode(), "seonapi")


def _steps(title: str) -> list[Step]:
    (heading,) = [line for line in section(CHAPTER).splitlines() if line.startswith("### ") and title in line]
    return steps_in(section(heading))


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    need_hosts()
    rules = code_in(section("## Firewall"), "nft")
    with three_hosts(tmp_path, rules, extra=getattr(request, "param", "")) as hosts:
        world = World(hosts, tmp_path, [])
        try:
            yield world
        finally:
            for station in world.stations:
                station.kill()
                station.communicate()


def _install(world: World, first: list[Step]) -> None:
    world.hosts.follow(first)
    world.hosts.follow(_steps("2. Seonapi's host"))
    world.hosts.follow(_steps("3. The DMZ host"))
    _bring_certificates(world)
    for title in ("4. Seonapi's host", "5. The DMZ host", "6. The client host"):
        world.hosts.follow(_steps(title))
    world.start_stations()
    _files_pass(world, b"before the reboot")
    world.hosts.follow(_steps("7. A file in"))
    _nothing_goes_inside(world)


def _files_pass(world: World, octets: bytes) -> None:
    world.file_goes("partner", "station", b"in, " + octets * 1_000)
    world.file_goes("station", "partner", b"out, " + octets * 1_000)


def _nothing_goes_inside(world: World) -> None:
    """The firewall is one, and no program runs as root."""
    trial = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)"
    for host, address, port, good in (
        ("dmz", "10.0.0.5", "8443", False),
        ("dmz", "10.0.0.9", "3305", False),
        ("partner", "192.0.2.10", "2878", False),
        ("client", "192.0.2.10", "2878", True),
    ):
        network = world.hosts.networks[host]
        done = subprocess.run([*network.entering, "/usr/bin/python3", "-c", trial, address, port], check=False,
                              capture_output=True)  # fmt: skip
        assert (done.returncode == 0) == good, (host, address, port)
    for host, user in (("dmz", "seon"), ("client", "seon"), ("seonapi", "seonapi")):
        running = world.hosts.hosts[host].processes()
        assert {line.split()[0] for line in running} == {user}, running


def _cut_the_power(world: World) -> None:
    """Kill all that runs on the three hosts."""
    for host in world.hosts.hosts.values():
        host.kill_everything()
        eventually(lambda host=host: not host.processes(), why=f"nothing runs on {host.name}")


def _boot(world: World) -> None:
    """Start what each host starts by itself; the order is nobody's."""
    for host in world.hosts.hosts.values():
        done = host.type("root", "systemctl boot")
        assert done.returncode == 0, done.stdout + done.stderr


def _ready_made() -> list[Step]:
    """Return the document's first steps with this checkout's packages in the place of those that pip would fetch.

    Skips the test where the hosts' Python is of another version than these packages are for.
    """
    asked = [HOSTS_PYTHON, "-c", "import sys; print(sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if version != str(sys.version_info[:2]):
        pytest.skip(f"{HOSTS_PYTHON} is {version}, and this checkout's packages are for {sys.version_info[:2]}")
    found: list[Step] = []
    for step in _steps("1. Every host"):
        assert isinstance(step, Command)
        if step.text.startswith("python3 -m venv"):
            found += [replace(step, text=f"{step.text} --without-pip"), replace(step, text=_USE_OUR_PACKAGES)]
        elif "/pip install" not in step.text:
            found.append(step)
    assert len(found) == 5
    return found


_PACKAGES = sysconfig.get_path("purelib")
_USE_OUR_PACKAGES = rf"""
set -e
cd /opt/seon/venv/lib/python3*/site-packages
printf '%s\n' {_PACKAGES} /opt/seon/source/src >ours.pth
cd /opt/seon/venv
for name in seon seonapi; do
    printf '#!/opt/seon/venv/bin/python\nfrom seon.cli.%s import main\nmain()\n' $name >bin/$name
    chmod 755 bin/$name
done"""


@pytest.mark.parametrize("world", [_PACKAGES], indirect=True)
def test_who_follows_the_document_has_files_pass_before_and_after_a_reboot(world: World) -> None:
    _install(world, _ready_made())
    _cut_the_power(world)
    _boot(world)
    _files_pass(world, b"after the reboot")


@pytest.mark.slow
def test_who_follows_the_document_installs_from_the_source_with_every_package_checked(world: World) -> None:
    _install(world, _steps("1. Every host"))
    for _ in range(2):
        _cut_the_power(world)
        _boot(world)
        _files_pass(world, b"after the reboot")
    for heading in ("## Moving and renaming hosts", "### A lost administrator's password"):
        world.hosts.follow(steps_in(section(heading)))
    _files_pass(world, b"after Seonapi has another name")
