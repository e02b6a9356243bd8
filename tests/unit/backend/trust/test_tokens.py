import hashlib
from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.proxies.models import ProxyServer
from seon.backend.trust.authorities import Kind, certificate_of, link_authority
from seon.backend.trust.license_actions import issue_license
from seon.backend.trust.models import License, Token, TokenUse
from seon.backend.trust.token_actions import new_token, rotate_token, withdraw_token
from seon.backend.trust.tokens import USE_NOTED, digest_of, note_use, proof_of, standings
from seon.link.identity import proxy_id_of
from seon.link.standing import verified
from seon.pki import new_ed25519_key


def secret_of(token: str) -> str:
    return token.rpartition(".")[2]


def made(name: str = "main") -> str:
    """Make a token and return its secret."""
    return secret_of(new_token(owner(), name))


def test_a_token_names_the_api_ca_and_proves_its_client() -> None:
    prefix, pin, secret = new_token(owner(), "main").split(".")
    der = certificate_of(Kind.API).public_bytes(Encoding.DER)
    assert (prefix, pin) == ("seon1", hashlib.sha256(der).hexdigest())
    found = proof_of(secret).token
    assert found is not None
    assert found.name == "main"


@pytest.mark.parametrize("secret", ["x", "x" * 201, "\udcff", "é"])
def test_another_secret_proves_nothing(secret: str) -> None:
    made()
    assert (proof_of(secret).token, proof_of(secret).flaw) == (None, "unknown security token")
    assert proof_of("").flaw == "no security token"


def test_a_token_that_was_never_rotated_has_no_second_secret() -> None:
    made()
    assert Token.objects.get().former_digest == ""
    assert proof_of("").token is None


def test_the_secret_is_not_in_the_database(home: Home) -> None:
    first = made().encode()
    second = secret_of(rotate_token(owner(), "main")).encode()
    files = [file.read_bytes() for file in home.path.rglob("*") if file.is_file()]
    assert not any(secret in octets for octets in files for secret in (first, second))


def test_a_withdrawn_token_proves_nothing_whichever_secret() -> None:
    first = made()
    second = secret_of(rotate_token(owner(), "main"))
    withdraw_token(owner(), "main")
    for secret in (first, second):
        assert (proof_of(secret).token, proof_of(secret).flaw) == (None, "the security token main was withdrawn")
    with pytest.raises(OperatorError, match="there are: none"):
        withdraw_token(owner(), "main")


def test_an_expired_token_proves_nothing_and_a_good_one_says_its_end() -> None:
    end = timezone.now() + timedelta(seconds=60)
    secret = secret_of(new_token(owner(), "main", expires_at=end))
    assert proof_of(secret).until == end
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert proof_of(secret).token is None
    assert "the security token main expired at 2" in proof_of(secret).flaw


def test_after_a_rotation_both_secrets_count_until_the_overlap_ends() -> None:
    first = made()
    second = secret_of(rotate_token(owner(), "main", timedelta(hours=1)))
    token = Token.objects.get()
    assert proof_of(first).token == proof_of(second).token == token
    assert (proof_of(first).until, proof_of(second).until) == (token.former_until, None)
    Token.objects.update(former_until=timezone.now())
    assert "main was rotated" in proof_of(first).flaw
    assert proof_of(second).token == token


def test_a_second_rotation_ends_the_first_secret_at_once() -> None:
    first = made()
    second = secret_of(rotate_token(owner(), "main"))
    third = secret_of(rotate_token(owner(), "main"))
    assert [proof_of(secret).token is not None for secret in (first, second, third)] == [False, True, True]


def test_a_rotation_without_overlap_ends_the_secret_before_at_once() -> None:
    first = made()
    rotate_token(owner(), "main", timedelta(0))
    assert proof_of(first).token is None


def test_the_last_use_is_written_once_a_minute_and_raises_no_version() -> None:
    made()
    token, version = Token.objects.get(), read_version()
    note_use(token, "10.0.0.5")
    note_use(token, "10.0.0.6")
    assert TokenUse.objects.get().address == "10.0.0.5"
    TokenUse.objects.update(at=timezone.now() - USE_NOTED)
    note_use(token, "10.0.0.6")
    assert TokenUse.objects.get().address == "10.0.0.6"
    assert read_version() == version


def test_a_name_is_used_once() -> None:
    made()
    with pytest.raises(OperatorError, match="main"):
        made()


def test_a_token_serves_the_servers_it_names_or_every_licensed_one(proxy_id: str) -> None:
    with pytest.raises(OperatorError, match="license issue"):
        new_token(owner(), "named", [proxy_id])
    everything = proof_of(made("all")).token
    assert everything is not None
    assert everything.servable() == []
    issue_license(owner(), proxy_id, 30)
    issue_license(owner(), proxy_id, 60)
    named = proof_of(secret_of(new_token(owner(), "named", [proxy_id]))).token
    assert named is not None
    other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511apx"  # RFC 8032 §7.1, test 1
    issue_license(owner(), other, 30)
    assert named.servable() == [proxy_id]
    assert everything.servable() == sorted([proxy_id, other])
    License.objects.filter(server__proxy_id=proxy_id).update(withdrawn_at=timezone.now())
    assert named.servable() == []
    License.objects.filter(server__proxy_id=other).update(not_after=timezone.now())
    assert everything.servable() == []


def test_the_history_of_a_token_does_not_hold_its_hashes() -> None:
    made()
    rotate_token(owner(), "main")
    assert not any(hasattr(Token.history.first(), name) for name in ("digest", "former_digest"))


def marks_for(proxy_id: str) -> set[str]:
    """The marks that count at a server, by the list that Seonapi signs for it."""
    (server,) = ProxyServer.objects.filter(proxy_id=proxy_id)
    octets = msgspec.json.encode(standings([server], 1)[proxy_id])
    ca_key = link_authority()[0].public_key().public_bytes_raw()
    return set(verified(octets, ca_key, proxy_id).marks)


def test_a_server_is_told_the_marks_of_the_secrets_that_count(proxy_id: str) -> None:
    issue_license(owner(), proxy_id, 30)
    first = made()
    mark = proof_of(first).mark
    assert marks_for(proxy_id) == {mark}
    assert mark not in (digest_of(first), first)

    second = secret_of(rotate_token(owner(), "main"))
    assert marks_for(proxy_id) == {mark, proof_of(second).mark}
    third = secret_of(rotate_token(owner(), "main", timedelta(0)))
    assert marks_for(proxy_id) == {proof_of(third).mark}
    withdraw_token(owner(), "main")
    assert marks_for(proxy_id) == set()


def test_a_server_is_told_the_end_of_a_token_and_nothing_of_tokens_for_others(proxy_id: str) -> None:
    issue_license(owner(), proxy_id, 30)
    another = proxy_id_of(new_ed25519_key().public_key())
    issue_license(owner(), another, 30)
    end = timezone.now() + timedelta(hours=1)
    ours = proof_of(secret_of(new_token(owner(), "ours", [proxy_id], expires_at=end))).mark
    theirs = proof_of(secret_of(new_token(owner(), "theirs", [another]))).mark
    everywhere = proof_of(made("everywhere")).mark
    assert marks_for(proxy_id) == {ours, everywhere}
    assert marks_for(another) == {theirs, everywhere}
    assert standings(ProxyServer.objects.all(), 1)[proxy_id].marks[ours] == end.timestamp()
    Token.objects.filter(name="ours").update(expires_at=timezone.now())
    assert marks_for(proxy_id) == {everywhere}
