import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.https import names_in, needs_renewal, new_api_ca, new_server_certificate
from seon.backend.installation import renew_https


def test_the_names_in_the_certificate_are_the_hosts_it_answers_for(home: Home) -> None:
    assert names_in(home.https_certificate) == ["localhost", "127.0.0.1", "[::1]"]
    renew_https(home, ["seonapi.example", "::1", "10.0.0.1"])
    assert names_in(home.https_certificate) == ["seonapi.example", "[::1]", "10.0.0.1"]
    assert names_in(home.path / "absent") == []


def test_the_server_certificate_is_the_ca_s_and_can_issue_nothing() -> None:
    key, ca = new_api_ca()
    _, pem = new_server_certificate(key, ca, ["localhost"])
    certificate = x509.load_pem_x509_certificate(pem)
    certificate.verify_directly_issued_by(ca)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc - dt.datetime.now(dt.UTC) <= dt.timedelta(days=397)


def test_a_name_that_no_certificate_can_hold_is_refused() -> None:
    key, ca = new_api_ca()
    with pytest.raises(OperatorError, match="no host name"):
        new_server_certificate(key, ca, ["münchen"])


def test_renewal_comes_before_the_end_and_keeps_the_key_private(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not needs_renewal(home.https_certificate)
    monkeypatch.setattr("seon.backend.https.SERVER_DAYS", 50)
    before = home.https_key.read_bytes()
    renew_https(home, ["localhost"])
    assert needs_renewal(home.https_certificate)
    assert home.https_key.read_bytes() != before
    assert home.https_key.stat().st_mode & 0o777 == 0o600
    assert not list(Path(home.path).glob("*.new"))
