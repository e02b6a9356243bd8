import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.trust.authorities import Kind, certificate_of
from seon.backend.trust.licenses import new_license
from seon.backend.trust.models import License, Token
from seon.backend.trust.tokens import new_token, token_of, withdraw_token


def secret_of(token: str) -> str:
    return token.rpartition(".")[2]


def test_a_token_names_the_api_ca_and_proves_its_client() -> None:
    prefix, pin, secret = new_token("main").split(".")
    der = certificate_of(Kind.API).public_bytes(Encoding.DER)
    assert (prefix, pin) == ("seon1", hashlib.sha256(der).hexdigest())
    found = token_of(secret)
    assert found is not None
    assert found.name == "main"


@pytest.mark.parametrize("secret", ["", "x", "x" * 201, "\udcff", "é"])
def test_another_secret_proves_nothing(secret: str) -> None:
    new_token("main")
    assert token_of(secret) is None


def test_the_secret_is_not_in_the_database(home: Home) -> None:
    secret = secret_of(new_token("main")).encode()
    assert not any(secret in file.read_bytes() for file in home.path.rglob("*") if file.is_file())


def test_a_withdrawn_token_proves_nothing() -> None:
    secret = secret_of(new_token("main"))
    withdraw_token("main")
    assert token_of(secret) is None
    with pytest.raises(OperatorError, match="there are: none"):
        withdraw_token("main")


def test_a_name_is_used_once() -> None:
    new_token("main")
    with pytest.raises(OperatorError, match="main"):
        new_token("main")


def test_a_token_serves_the_servers_it_names_or_every_licensed_one(proxy_id: str) -> None:
    with pytest.raises(OperatorError, match="license issue"):
        new_token("named", [proxy_id])
    everything = token_of(secret_of(new_token("all")))
    assert everything is not None
    assert everything.servable() == []
    new_license(proxy_id, 30, "test")
    new_license(proxy_id, 60, "test")
    named = token_of(secret_of(new_token("named", [proxy_id])))
    assert named is not None
    other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511apx"  # RFC 8032 §7.1, test 1
    new_license(other, 30, "test")
    assert named.servable() == [proxy_id]
    assert everything.servable() == sorted([proxy_id, other])
    License.objects.filter(server__proxy_id=proxy_id).update(withdrawn_at=timezone.now())
    assert named.servable() == []
    License.objects.filter(server__proxy_id=other).update(not_after=timezone.now())
    assert everything.servable() == []


def test_the_history_of_a_token_does_not_hold_its_hash() -> None:
    new_token("main")
    assert not hasattr(Token.history.first(), "digest")
