"""The real `seonapi`, run as an administrator runs it."""

import os
import signal
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from ports import free_port
from seon.api_messages import PATH, TOKEN_HEADER

SEONAPI = str(Path(sys.executable).with_name("seonapi"))
PASSWORD = "a long enough password"


@dataclass
class Installation:
    """One SEON_HOME, and Seonapi serving it if it was told to."""

    home: Path
    port: int = 0
    process: "subprocess.Popen[str] | None" = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "SEON_HOME": str(self.home), **self.extra}

    def run(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [SEONAPI, *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr.strip() if fails else done.stdout.strip()

    def init(self, *arguments: str) -> str:
        """Make the installation, with an administrator `admin` whose password is PASSWORD."""
        file = self.home.with_name("password")
        file.write_text(PASSWORD + "\n")
        return self.run("init", "--password-file", str(file), *arguments)

    def serve(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [SEONAPI, "serve", "--listen", f"127.0.0.1:{self.port}"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"ready https://127.0.0.1:{self.port}/\n"

    def stop(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(15)
        assert self.process.stdout.read() == ""
        self.process.stdout.close()
        self.process = None
        return status

    def close(self) -> None:
        """End what still runs, in whatever state it is."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.home / "api-ca.pem"))

    def caller(self, token: str = "") -> httpx.Client:
        headers = {TOKEN_HEADER: token.rpartition(".")[2]} if token else {}
        base = f"https://localhost:{self.port}{PATH}"
        return httpx.Client(base_url=base, verify=self.tls, headers=headers, timeout=20, trust_env=False)

    @property
    def log(self) -> str:
        return (self.home / "log" / "seonapi.log").read_text()
