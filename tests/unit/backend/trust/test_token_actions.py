"""What the samples of all acts do not show of licenses and tokens."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.proxies.actions import add_client, remove_server
from seon.backend.trust import token_actions
from seon.backend.trust.license_actions import issue_license, withdraw_license
from seon.backend.trust.models import License, Token
from seon.backend.trust.token_actions import change_token, new_token, rotate_token, withdraw_token
from seon.link.identity import proxy_id_of
from seon.pki import new_ed25519_key


def test_a_withdrawal_raises_the_version_so_that_waiting_clients_hear_of_it(proxy_id: str) -> None:
    issue_license(owner(), proxy_id, 30)
    new_token(owner(), "main")
    before = read_version()
    withdraw_license(owner(), License.objects.get().serial)
    between = read_version()
    assert between > before
    withdraw_token(owner(), "main")
    assert read_version() > between


def test_a_token_cannot_end_in_the_past_or_be_changed_after_its_withdrawal() -> None:
    past = timezone.now() - timedelta(seconds=1)
    with pytest.raises(OperatorError, match="must be ahead"):
        new_token(owner(), "main", expires_at=past)
    new_token(owner(), "main")
    with pytest.raises(OperatorError, match="must be ahead"):
        change_token(owner(), "main", expires_at=past)
    with pytest.raises(OperatorError, match="A token has no colour"):
        change_token(owner(), "main", colour="red")
    withdraw_token(owner(), "main")
    for refused in (lambda: change_token(owner(), "main", expires_at=None), lambda: rotate_token(owner(), "main")):
        with pytest.raises(OperatorError, match="in force"):
            refused()


def test_what_is_not_named_stays_when_a_token_is_changed(proxy_id: str) -> None:
    issue_license(owner(), proxy_id, 30)
    client, end = add_client(owner(), "one", "10.0.0.5"), timezone.now() + timedelta(days=1)
    new_token(owner(), "main", [proxy_id], client="one", expires_at=end)
    change_token(owner(), "main", client="")
    token = Token.objects.get()
    assert (token.client, token.expires_at, token.servable()) == (None, end, [proxy_id])
    change_token(owner(), "main", client="10.0.0.5", expires_at=None, proxy_ids=[])
    token.refresh_from_db()
    assert (token.client, token.expires_at, token.servers.count()) == (client, None, 0)


def test_no_secret_and_no_hash_is_in_the_audit() -> None:
    secrets = [new_token(owner(), "main"), rotate_token(owner(), "main")]
    texts = " ".join(Entry.objects.values_list("text", flat=True))
    token = Token.objects.get()
    for text in (*(one.rpartition(".")[2] for one in secrets), token.digest, token.former_digest):
        assert text not in texts


def test_a_token_withdrawn_while_another_administrator_changes_it_stays_withdrawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_token(owner(), "main")
    make, withdrawing = token_actions.new_secret, threading.Thread(target=_withdraw_main)

    def make_meanwhile() -> tuple[str, str]:
        withdrawing.start()
        withdrawing.join(1)  # it waits for us; without waiting it is done long before
        return make()

    monkeypatch.setattr(token_actions, "new_secret", make_meanwhile)
    rotate_token(owner(), "main")
    withdrawing.join()
    assert Token.objects.get().withdrawn_at is not None


def _withdraw_main() -> None:
    try:
        withdraw_token(owner(), "main")
    finally:
        connection.close()


def test_a_token_for_one_server_is_never_for_every_server_since_that_one_was_removed(proxy_id: str) -> None:
    other = proxy_id_of(new_ed25519_key().public_key())
    for server in (proxy_id, other):
        issue_license(owner(), server, 30)
    new_token(owner(), "main", [proxy_id])
    with pytest.raises(OperatorError, match=r"every server \(main\): withdraw them first"):
        remove_server(owner(), proxy_id)
    assert Token.objects.get().servable() == [proxy_id]
    change_token(owner(), "main", proxy_ids=[proxy_id, other])
    remove_server(owner(), proxy_id)
    assert Token.objects.get().servable() == [other]
    withdraw_token(owner(), "main")
    remove_server(owner(), other)
