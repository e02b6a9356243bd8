import threading

import pytest
from django.db import connection

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.proxies.actions import remove_server
from seon.backend.trust import licenses
from seon.backend.trust.license_actions import issue_license, withdraw_license
from seon.backend.trust.models import License
from seon.pki import Certificate


def test_a_license_is_withdrawn_once_and_by_its_serial_alone(proxy_id: str) -> None:
    first, second = (issue_license(owner(), proxy_id, 30) for _ in range(2))
    withdraw_license(owner(), f" {first.serial.lower()} ")
    with pytest.raises(OperatorError, match="license list"):
        withdraw_license(owner(), first.serial)
    second.refresh_from_db()
    assert second.withdrawn_at is None


def test_a_license_is_issued_for_a_server_that_nobody_removes_meanwhile(
    proxy_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_license(owner(), proxy_id, 30)
    removing = threading.Thread(target=_remove, args=(proxy_id,))
    serial_of = licenses.serial_of

    def remove_meanwhile(certificate: Certificate) -> str:
        removing.start()
        removing.join(1)  # it waits for us; without waiting it is done long before
        return serial_of(certificate)

    monkeypatch.setattr(licenses, "serial_of", remove_meanwhile)
    issued = issue_license(owner(), proxy_id, 30)
    removing.join(20)
    entries = Entry.objects.filter(text__contains=issued.serial).order_by("received_at", "pk")
    assert ["removed" in entry.text for entry in entries] == [False, True], "first the one, then the other"
    assert not License.objects.exists()


def _remove(proxy_id: str) -> None:
    try:
        remove_server(owner(), proxy_id)
    finally:
        connection.close()
