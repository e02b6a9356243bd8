from pathlib import Path

import pytest

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.https import belong_together, hosts_in
from seon.backend.installation import make_authorities, make_directories, renew_if_due
from seon.backend.logs import open_log
from seon.pki import new_ecdsa_key, pem_of_key


@pytest.mark.parametrize("fault", ["another key", "no key", "damaged", "no CA"])
def test_what_a_killed_renewal_has_left_is_made_whole_with_all_names(home: Home, fault: str) -> None:
    make_authorities(home, ["proxy.example"])
    names, ca = hosts_in(home.https_certificate), home.api_ca.read_bytes()
    if fault == "no key":
        home.https_key.unlink()
    elif fault == "no CA":
        home.api_ca.unlink()
    else:
        home.https_key.write_bytes(pem_of_key(new_ecdsa_key()) if fault == "another key" else b"?")
    assert make_authorities(home, []) == ["https certificate, for localhost, 127.0.0.1, ::1, proxy.example"]
    assert hosts_in(home.https_certificate) == names
    assert belong_together(home.https_key, home.https_certificate)
    assert home.api_ca.read_bytes() == ca
    assert make_authorities(home, []) == []


def test_a_key_of_another_certificate_is_mended_before_the_start_with_all_names(home: Home) -> None:
    make_authorities(home, ["proxy.example"])
    assert not renew_if_due(home)
    home.https_key.write_bytes(pem_of_key(new_ecdsa_key()))
    assert renew_if_due(home)
    assert belong_together(home.https_key, home.https_certificate)
    assert hosts_in(home.https_certificate) == ["localhost", "proxy.example", "127.0.0.1", "::1"]


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = Home(tmp_path / "file" / "home")
    with pytest.raises(OperatorError, match="file"):
        make_directories(home)
    with pytest.raises(OperatorError, match=r"seonapi\.log cannot be written"):
        open_log(tmp_path / "absent", "seonapi")


def test_a_host_that_is_named_later_joins_those_in_the_certificate(home: Home) -> None:
    assert make_authorities(home, ["localhost"]) == []
    ca = home.api_ca.read_bytes()
    assert make_authorities(home, ["proxy.example", "::1"]) == [
        "https certificate, for localhost, 127.0.0.1, ::1, proxy.example"
    ]
    assert hosts_in(home.https_certificate) == ["localhost", "proxy.example", "127.0.0.1", "::1"]
    assert home.api_ca.read_bytes() == ca
    assert home.https_certificate.read_bytes().endswith(ca), "the CA is shown in each handshake"


def test_the_first_certificate_is_for_all_that_this_host_is_called(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.https_certificate.unlink()
    monkeypatch.setattr("seon.backend.installation.own_hosts", lambda: ["seonapi", "10.0.0.5"])
    assert make_authorities(home, []) == ["https certificate, for localhost, 127.0.0.1, ::1, seonapi, 10.0.0.5"]
    assert make_authorities(home, []) == [], "a second run changes nothing"


def test_who_names_hosts_gets_those_and_loopback_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.https_certificate.unlink()
    monkeypatch.setattr("seon.backend.installation.own_hosts", lambda: ["seonapi", "10.0.0.5"])
    make_authorities(home, ["proxy.example"])
    assert hosts_in(home.https_certificate) == ["localhost", "proxy.example", "127.0.0.1", "::1"]


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_no_key_is_made_in_a_directory_that_others_may_write(tmp_path: Path, mode: int) -> None:
    """They could put another file in its place, whatever the mode of the file is."""
    home = Home(tmp_path / "another")
    home.path.mkdir()
    home.path.chmod(mode)
    with pytest.raises(OperatorError, match=f"type chmod 700 {home.path}"):
        make_directories(home)
    assert list(home.path.iterdir()) == []
    home.path.chmod(0o700)
    make_directories(home)
    home.log_directory.chmod(mode)
    with pytest.raises(OperatorError, match=f"type chmod 700 {home.log_directory}"):
        make_directories(home)
