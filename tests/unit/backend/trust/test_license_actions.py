import pytest

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.trust.license_actions import issue_license, withdraw_license


def test_a_license_is_withdrawn_once_and_by_its_serial_alone(proxy_id: str) -> None:
    first, second = (issue_license(owner(), proxy_id, 30) for _ in range(2))
    withdraw_license(owner(), f" {first.serial.lower()} ")
    with pytest.raises(OperatorError, match="license list"):
        withdraw_license(owner(), first.serial)
    second.refresh_from_db()
    assert second.withdrawn_at is None
