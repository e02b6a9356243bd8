"""Limits: each has its bounds and its default beside it, and servers that differ are listed."""

from page_forms import Pages

from seon.backend.configuration.bounds import LIMITS
from seon.backend.configuration.models import Settings
from seon.backend.panel.limits.views import COUNTS, TIMES
from seon.backend.proxies.models import ProxyServer

PAGE = "/panel/configuration/limits/"


def test_every_limit_is_on_the_page_with_bounds_and_default() -> None:
    assert set(COUNTS) | set(TIMES) == set(LIMITS)
    page = Pages().open(PAGE)
    assert all(f"Default: {bounds.default}." in page for bounds in LIMITS.values())


def test_a_limit_is_set_in_general_and_for_one_server(proxy_id: str) -> None:
    server = ProxyServer.objects.create(proxy_id=proxy_id, name="dmz-1")
    pages = Pages()
    assert "Saved." in pages.send(PAGE, "counts", sessions="7")
    assert Settings.load().sessions == 7
    own = f"{PAGE}servers/{server.pk}/"
    assert "In general: 7." in pages.open(own)
    pages.send(own, "server", sessions="5")
    assert "Sessions at once: 5" in pages.open(PAGE)
    most = LIMITS["sessions"].most
    assert f"Enter a whole number from 1 to {most}, or nothing." in pages.send(own, "server", sessions=str(most + 1))


def test_who_may_not_configure_sees_no_form() -> None:
    assert not Pages("auditor").forms(PAGE)
