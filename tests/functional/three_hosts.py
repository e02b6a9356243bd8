"""The hosts of docs/operating.md, "Install on three hosts", made of namespaces, and the networks between them.

A host is a network, mount, UTS and PID namespace. Its disk is the build host's system below a layer of its own in
memory; what is no part of the system (other users' homes, /work, /tmp, caches, /usr/local) is hidden. So nothing
leaks in, and nothing stays.

                     ┌─ 10.0.0.5  seonapi ─┐
    inside 10.0.0/24 ├─ 10.0.0.7  client   ├─ switch
                     └─ 10.0.0.9  station ─┘    │
                                            firewall ── DMZ 192.0.2/24:        192.0.2.10     dmz
                                                └───── outside 198.51.100/24: 198.51.100.20  partner

Station and partner are networks only: what runs there are this checkout's own programs. The firewall loads the rules
of the document. All of it needs root and the right to make namespaces.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from functional.chapter import EVERY, Carry, Command, Step
from needed import CACHE, need_debian, need_programs

ROOT = Path(__file__).parents[2]
SERVICE_MANAGER = Path(__file__).with_name("service_manager.py")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ADDRESSES = {"seonapi": "10.0.0.5", "client": "10.0.0.7", "station": "10.0.0.9", "dmz": "192.0.2.10",
             "partner": "198.51.100.20"}  # fmt: skip
INSIDE = ("seonapi", "client", "station")
DOCUMENTED = ("seonapi", "dmz", "client")
"""The three hosts of the document."""
NAMES = "".join(
    f"{address} {'oftp.acme' if name == 'partner' else name}.example {name}\n" for name, address in ADDRESSES.items()
)
FETCHED = "/srv/fetched"
COMMAND_SECONDS = 90.0
SEEN_SECONDS = 60.0
_UNSHARE = ("unshare", "--net", "--mount", "--uts", "--pid", "--fork")
_NFT = ("nftables", "libnftables1", "libnftnl11", "libmnl0", "libjansson4", "libxtables12", "libedit2", "libbsd0")

_HOLDING = "# holds this host"
_BEGIN = r"""
set -eu
read -r pid rest </proc/self/stat # by the build host's count
base=$1 name=$2 fetched=$3 extra=$4
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
cd "$base/root"
for place in *; do
    case $place in
        bin|sbin|lib|lib32|lib64|libx32|usr|etc|var) ;;
        *)  if [ -L "$place" ] || [ ! -d "$place" ]; then rm -f "$place"
            else mount -t tmpfs -o mode=755 tmpfs "$place"; fi ;;
    esac
done
mkdir -p etc/systemd/system
for place in usr/local var/cache var/tmp var/log etc/systemd/system; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
mkdir -p usr/local/bin usr/local/sbin dev/shm tmp
chmod 1777 tmp var/tmp dev/shm
chmod 700 root
for device in null zero full random urandom tty; do : >"dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
mkdir -p ".$6" && mount --bind "$fetched" ".$6" && mount -o remount,bind,ro ".$6"
[ -z "$extra" ] || { mkdir -p ."$extra" && mount --bind "$extra" ."$extra" && mount -o remount,bind,ro ."$extra"; }
rm -rf etc/pip.conf etc/gitconfig etc/resolv.conf etc/profile.d
printf '[global]\nno-index = true\nfind-links = %s\n' "$6" >etc/pip.conf
printf '127.0.0.1 localhost\n::1 localhost\n%s' "$5" >etc/hosts
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >etc/nsswitch.conf
cp "$7" usr/local/sbin/systemctl && chmod 755 usr/local/sbin/systemctl
mount -t proc proc proc
pivot_root . mnt
cd /
umount -l /mnt
hostname "$name"
exec /usr/bin/python3 -c '
import signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody else takes away what ends here
print(sys.argv[1], flush=True)
sys.stdin.read()' "$pid" "# holds this host"
"""


def need_hosts() -> None:
    """Skip the test, with the reason, where no host can be made."""
    if os.geteuid() != 0:
        pytest.skip("it makes hosts of namespaces: only root may do that")
    need_programs("unshare", "nsenter", "ip", "pivot_root", "git", beside=[Path("/usr/sbin"), Path("/sbin")])
    trial = [*_UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"it makes hosts of namespaces, and this container may not: {done.stderr.strip()}")


@dataclass
class Network:
    """A network namespace: it lives as long as the process that holds it. That ends with our own end, too."""

    name: str
    holder: "subprocess.Popen[str]"
    pid: int

    @property
    def entering(self) -> list[str]:
        """The words before a command that make it run here."""
        return ["nsenter", "--target", str(self.pid), "--net", "--"]

    def ip(self, *lines: str) -> None:
        """Run commands of ip(8)."""
        subprocess.run([*self.entering, "ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)

    def close(self) -> None:
        """End it, and with a host all that runs there."""
        self.holder.kill()
        self.holder.communicate()


@dataclass
class Host(Network):
    """A host with a disk of its own, where commands are typed."""

    directories: dict[str, str] = field(default_factory=dict)
    """Where each user's shell is, once it has left the place where it began."""

    @property
    def entering(self) -> list[str]:
        """The words before a command that make it run here."""
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--uts", "--pid", "--",
                "env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8"]  # fmt: skip

    def type(self, user: str, text: str) -> "subprocess.CompletedProcess[str]":
        """Type a line in a shell of this user, as after `su - USER`."""
        where = self.directories.get(user)
        line = f"cd {where} && {text}" if where else text
        shell = ["bash", "-c", f"umask 022; cd /root; {line}"] if user == "root" else ["su", "-", user, "-c", line]
        done = subprocess.run(
            [*self.entering, *shell], capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
        if text.startswith("cd ") and done.returncode == 0:
            self.directories[user] = text.removeprefix("cd ")
        return done

    def write(self, path: str, octets: bytes, owner: str = "root", mode: int = 0o644) -> None:
        """Put a file there."""
        script = 'umask 077 && cat >"$1" && chmod "$3" "$1" && chown "$2" "$1"'
        subprocess.run([*self.entering, "sh", "-c", script, "sh", path, owner, f"{mode:o}"], input=octets, check=True)

    def read(self, path: str) -> bytes:
        """Return what is in a file there."""
        return subprocess.run([*self.entering, "cat", path], capture_output=True, check=True).stdout

    def kill_everything(self) -> None:
        """Kill every process of the host at once, as if the power were cut."""
        subprocess.run([*self.entering, "sh", "-c", "kill -9 -1"], check=False, capture_output=True)

    def processes(self) -> list[str]:
        """Return user and command of all that runs there besides what makes the host."""
        done = subprocess.run([*self.entering, "ps", "-eo", "user:32,args"], capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines()[1:] if not line.endswith((" ps -eo user:32,args", _HOLDING))]


@dataclass
class Hosts:
    """All hosts and networks."""

    hosts: dict[str, Host]
    networks: dict[str, Network]
    replaced: dict[str, str]
    """What a person puts in the place of a word in capitals, such as PROXY_ID."""

    def follow(self, steps: Sequence[Step]) -> None:
        """Do what a document says, and see what it shows."""
        for step in steps:
            if isinstance(step, Carry):
                self.hosts[step.target].write(step.new_path, self.hosts[step.source].read(step.path), mode=0o600)
            else:
                for name in DOCUMENTED if step.host == EVERY else (step.host,):
                    self._type(self.hosts[name], step)

    def _type(self, host: Host, command: Command) -> None:
        text = command.text
        for word, value in self.replaced.items():
            text = text.replace(word, value)
        until = time.monotonic() + SEEN_SECONDS
        while True:
            done = host.type(command.user, text)
            good = done.returncode == 0 and command.is_seen_in(done.stdout)
            # Only looking again is no other deed than looking.
            if good or not text.startswith("grep ") or time.monotonic() > until:
                break
            time.sleep(0.1)
        said = f"{command.user}@{host.name} typed: {text}\nstatus {done.returncode}, seen:\n{done.stdout}{done.stderr}"
        assert good, said + "instead of:\n" + "\n".join([*command.seen, "where there are:", *host.processes()])
        if " -L" in text:
            self.replaced["PROXY_ID"] = done.stdout.split()[-1]


@contextlib.contextmanager
def three_hosts(place: Path, rules: str, *, extra: str = "") -> Iterator[Hosts]:
    """Make all hosts, with the firewall's rules in the form of nft(8).

    `extra`: a directory of the build host that they see, read-only.
    """
    nft = need_debian(*_NFT)
    fetched = fetch(place)
    with contextlib.ExitStack() as stack:
        hosts = {}
        for name in DOCUMENTED:
            hosts[name] = _host(stack, place / name, name, fetched, extra)
        networks: dict[str, Network] = {**hosts}
        for name in ("station", "partner", "firewall", "switch"):
            holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec cat"], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
            networks[name] = Network(name, holder, holder.pid)
            stack.callback(networks[name].close)
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n"
        _connect(networks)
        _load(networks["firewall"], nft, rules)
        yield Hosts(hosts, networks, {"REPOSITORY": f"{FETCHED}/source.bundle"})


def _host(stack: contextlib.ExitStack, base: Path, name: str, fetched: Path, extra: str) -> Host:
    base.mkdir()
    words = [str(base), name, str(fetched), extra, NAMES, FETCHED, str(SERVICE_MANAGER)]
    holder = subprocess.Popen(
        [*_UNSHARE, "--kill-child", "bash", "-c", _BEGIN, "bash", *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    host = Host(name, holder, 0)
    stack.callback(host.close)
    assert holder.stdout is not None
    pid = holder.stdout.readline().strip()
    assert pid.isdigit(), f"host {name} could not be made: {holder.communicate()}"
    host.pid = int(pid)
    return host


def _connect(networks: dict[str, Network]) -> None:
    """Join the hosts by cables to the firewall, which is their way to each other."""
    firewall, switch = networks["firewall"], networks["switch"]
    # A switch of its own: a bridge on the firewall would show it what hosts inside say to each other.
    switch.ip("link add inside type bridge", "link set inside up")
    firewall.ip("link set lo up", f"link add inside type veth peer name firewall netns {switch.pid}")
    switch.ip("link set firewall master inside", "link set firewall up")
    firewall.ip("address add 10.0.0.1/24 dev inside", "link set inside up")
    subprocess.run([*firewall.entering, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"], check=True)
    for name, address in ADDRESSES.items():
        gateway = address.rpartition(".")[0] + ".1"
        near, joined = (
            (switch, f"link set {name} master inside")
            if name in INSIDE
            else (firewall, f"address add {gateway}/24 dev {name}")
        )
        near.ip(f"link add {name} type veth peer name eth0 netns {networks[name].pid}", joined, f"link set {name} up")
        networks[name].ip("link set lo up", f"address add {address}/24 dev eth0", "link set eth0 up",
                          f"route add default via {gateway}")  # fmt: skip


def _load(firewall: Network, nft: Path, rules: str) -> None:
    libraries = ":".join(
        str(path) for path in (nft / "usr/lib", nft / "lib") for path in sorted(path.glob("*-linux-*"))
    )
    command = ["env", f"LD_LIBRARY_PATH={libraries}", str(nft / "usr/sbin/nft"), "-f", "-"]
    subprocess.run([*firewall.entering, *command], input=rules, text=True, check=True)


# --- what the hosts fetch --------------------------------------------------------------------------------------------


def fetch(place: Path) -> Path:
    """Return a directory with what the document fetches: this checkout as a bundle, and the packages of the locks."""
    fetched = place / "fetched"
    fetched.mkdir()
    for package in _packages().iterdir():
        (fetched / package.name).hardlink_to(package) if _same_disk(package, fetched) else shutil.copy(package, fetched)
    _bundle(place / "checkout", fetched / "source.bundle")
    return fetched


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _packages() -> Path:
    """Return a directory with the packages of the locks, checked by their hashes; fetched once, and kept."""
    lock = ROOT / "locks" / "run.txt"
    python = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    kept = CACHE.parent / "packages" / f"{python}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not kept.exists():
        making = kept.with_name(f"{kept.name}.{os.getpid()}")
        making.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--require-hashes", "--only-binary", ":all:",
                   "--python-version", python, "-r", str(lock), "-d", str(making)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS)
        with contextlib.suppress(OSError):  # another worker was quicker
            making.rename(kept)
    return kept


def _bundle(checkout: Path, bundle: Path) -> None:
    """Put what is in the working tree, committed or not, into a bundle that can be cloned."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@seon.example", "-c", "init.defaultBranch=main", "-C"]
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=True).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    for words in (["init", "-q"], ["add", "--all", "--force"], ["commit", "-q", "-m", "the working tree"],
                  ["bundle", "create", "-q", str(bundle), "HEAD", "main"]):  # fmt: skip
        subprocess.run([*git, str(checkout), *words], check=True, capture_output=True, text=True)
