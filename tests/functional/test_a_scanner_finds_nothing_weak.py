"""The external port as a scanner sees it: Debian's sslscan, and what it cannot try without a client certificate."""

import contextlib
import socket
import ssl
import subprocess
from xml.etree import ElementTree

import pytest

from functional.harness import Site
from needed import need_debian

TLS_1_3 = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"}


@pytest.fixture(scope="module")
def scanned(running: Site, tmp_path_factory: pytest.TempPathFactory) -> ElementTree.Element:
    """What sslscan has found, as its XML has it."""
    program = need_debian("sslscan") / "usr/bin/sslscan"
    found = tmp_path_factory.mktemp("sslscan") / "found.xml"
    command = [str(program), f"--xml={found}", f"127.0.0.1:{running.ports.external}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    test = ElementTree.parse(found).getroot().find("ssltest")
    assert test is not None, done.stdout
    return test


def every(scanned: ElementTree.Element, tag: str, *attributes: str) -> set[tuple[str | None, ...]]:
    return {tuple(map(one.get, attributes)) for one in scanned.iter(tag)}


def test_tls_1_2_and_1_3_are_all_that_is_spoken(scanned: ElementTree.Element) -> None:
    protocols = {(one.get("type"), one.get("version")): one.get("enabled") for one in scanned.iter("protocol")}
    assert {name for name, enabled in protocols.items() if enabled == "1"} == {("tls", "1.2"), ("tls", "1.3")}
    assert len(protocols) == 6, "SSL 2 and 3, TLS 1.0 and 1.1 were tried"


def test_no_renegotiation_no_compression_no_heartbleed(scanned: ElementTree.Element) -> None:
    assert every(scanned, "renegotiation", "supported") == {("0",)}
    assert every(scanned, "heartbleed", "vulnerable") == {("0",)}
    assert every(scanned, "compression", "supported") <= {("0",)}


def test_the_suites_of_tls_1_3_are_its_good_ones(scanned: ElementTree.Element) -> None:
    assert {name for (name,) in every(scanned, "cipher", "cipher")} == TLS_1_3
    assert not every(scanned, "cipher", "strength") & {("weak",), ("medium",), ("null",), ("anonymous",)}


def test_the_groups_are_elliptic_curves_of_128_bits_or_more(scanned: ElementTree.Element) -> None:
    groups = every(scanned, "group", "name", "bits")
    assert {name.split(" ")[0] for name, _ in groups} <= {"secp256r1", "secp384r1", "secp521r1", "x25519", "x448"}
    assert all(int(bits) >= 128 for _, bits in groups)
    assert len(groups) >= 4


# --- what needs a client certificate ----------------------------------------------------------------------------------


def accepted(site: Site, suite: str) -> bool:
    """Whether the server completes a handshake of TLS 1.2 with this suite alone, by the OpenSSL of Python itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(site.layout.certificate("partner"), site.layout.key("partner"))
    context.set_ciphers(f"{suite}:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", site.ports.external), 10) as sock,
        contextlib.suppress(ssl.SSLError, ConnectionError),
        context.wrap_socket(sock) as tls,
    ):
        assert tls.compression() is None
        return True
    return False


def suites_of_tls_1_2() -> list[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return sorted({one["name"] for one in context.get_ciphers()} - TLS_1_3)


def test_of_all_suites_of_tls_1_2_only_the_good_ones_are_accepted(running: Site) -> None:
    every_suite = suites_of_tls_1_2()
    assert len(every_suite) > 50, "weak ones among them"
    assert "AES128-SHA" in every_suite
    taken = {suite for suite in every_suite if accepted(running, suite)}
    assert taken
    for suite in taken:
        assert suite.startswith("ECDHE-"), "forward secrecy"
        assert "GCM" in suite or "CHACHA20" in suite, "authenticated encryption"
