import pytest

from seon.backend.trust import crl_urls
from seon.backend.trust.models import CrlUrl


def kept() -> list[str]:
    return sorted(CrlUrl.objects.values_list("url", flat=True))


def test_http_addresses_are_kept_once() -> None:
    crl_urls.remember(["http://a.example/1.crl", "https://a.example/2.crl"])
    crl_urls.remember(["http://a.example/1.crl"])
    assert kept() == ["http://a.example/1.crl", "https://a.example/2.crl"]


@pytest.mark.parametrize(
    "url", ["", "ldap://a/b", "file:///etc/passwd", "http://", "http://[a", "http://a/\n", "http://ä/", "ftp://a/"]
)
def test_nothing_else_is_kept(url: str) -> None:
    crl_urls.remember([url])
    assert kept() == []


def test_a_partner_cannot_fill_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crl_urls, "MOST", 3)
    crl_urls.remember([f"http://a/{n}" for n in range(5)])
    crl_urls.remember(["http://b/"])
    assert kept() == ["http://a/0", "http://a/1", "http://a/2"]
