#!/usr/bin/python3
"""What stands for systemd on the hosts of three_hosts.py: it starts the documented units, and nothing more of systemd.

Usage: systemctl daemon-reload | enable [--now] UNIT... | restart UNIT... | is-active UNIT... | boot

It understands what our units say of user, environment, command and readiness (Type=notify). It restarts nothing: a
program that ends is seen by the tests. It runs on the hosts, where there is nothing but Python.
"""

import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from string import Template

UNITS = Path("/etc/systemd/system")
WANTED = UNITS / "multi-user.target.wants"
STATE = Path("/run/services")
START_SECONDS = 60.0


def read_unit(name: str) -> dict[str, list[str]]:
    """Return the keys of the section Service with their values."""
    found: dict[str, list[str]] = {}
    inside = False
    for line in (UNITS / f"{name}.service").read_text().splitlines():
        if line.startswith("["):
            inside = line == "[Service]"
        elif inside and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def environment_of(unit: dict[str, list[str]], user: pwd.struct_passwd) -> dict[str, str]:
    """Return a service's environment, as systemd makes it for a service of the system."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    made = {"PATH": path, "HOME": user.pw_dir, "USER": user.pw_name, "LANG": "C.UTF-8"}
    lines = [*unit.get("Environment", [])]
    for file in unit.get("EnvironmentFile", []):
        lines += Path(file).read_text().splitlines()
    return made | dict(line.split("=", 1) for line in lines)


def start(name: str) -> None:
    """Start a unit and wait until it says that it is ready."""
    unit = read_unit(name)
    (user_name,), (command,), (kind,) = unit["User"], unit["ExecStart"], unit["Type"]
    assert kind == "notify"
    user = pwd.getpwnam(user_name)
    environment = environment_of(unit, user)
    STATE.mkdir(exist_ok=True)
    STATE.chmod(0o755)
    address = STATE / f"{name}.notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, (STATE / f"{name}.out").open("ab") as output:
        notified.bind(str(address))
        address.chmod(0o777)
        notified.settimeout(START_SECONDS)
        process = subprocess.Popen(
            [Template(word).substitute(environment) for word in shlex.split(command)],
            env={**environment, "NOTIFY_SOCKET": str(address)},
            user=user.pw_uid, group=user.pw_gid, extra_groups=[], umask=0o022, cwd="/", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        (STATE / f"{name}.pid").write_text(str(process.pid))
        try:
            while b"READY=1" not in notified.recv(4_096):
                pass
        except TimeoutError:
            sys.exit(f"Job for {name}.service failed. It said: {(STATE / f'{name}.out').read_text()}")


def is_active(name: str) -> bool:
    """Whether the unit's main process runs."""
    try:
        os.kill(int((STATE / f"{name}.pid").read_text()), 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True


def stop(name: str) -> None:
    """End a unit's main process in order, and wait for its end."""
    if is_active(name):
        os.kill(int((STATE / f"{name}.pid").read_text()), signal.SIGTERM)
    while is_active(name):
        time.sleep(0.05)


def main(verb: str, *words: str) -> None:
    """Do what a person has typed; `boot` is what happens when the host starts."""
    units = [word for word in words if not word.startswith("-")]
    if verb == "enable":
        WANTED.mkdir(exist_ok=True)
        for unit in units:
            (WANTED / f"{unit}.service").symlink_to(UNITS / f"{unit}.service")
    elif verb == "boot":
        units = [path.stem for path in sorted(WANTED.iterdir())]
    elif verb == "is-active":
        print("\n".join("active" if is_active(unit) else "inactive" for unit in units))
        sys.exit(not all(map(is_active, units)))
    elif verb == "restart":
        for unit in units:
            stop(unit)
    elif verb not in ("daemon-reload", "start"):
        sys.exit(f"Unknown command verb {verb}.")
    if verb in ("start", "restart", "boot") or "--now" in words:
        for unit in units:
            start(unit)


if __name__ == "__main__":
    main(*sys.argv[1:])
