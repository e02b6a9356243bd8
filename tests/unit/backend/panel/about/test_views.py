"""About: everybody sees it, and may have the installation checked."""

import pytest
from panel_clients import ROLES, logged_in, seen, sent

from seon.backend.home import Home
from seon.build import this_build

PAGE = "/panel/about/"


@pytest.mark.parametrize("role", ROLES)
def test_versions_and_places_are_there(role: str, home: Home) -> None:
    page = seen(logged_in(role), PAGE)
    assert str(this_build()) in page
    assert str(home.path) in page
    assert "Apache License" in page


def test_the_check_says_what_is_wrong_and_what_to_do_below_any_prefix(home: Home) -> None:
    client = logged_in("auditor")
    page = sent(client, PAGE, {"do": "check"})
    assert "things do not work" in page
    assert "The Seon send queue daemon has never run" in page
    assert "Start it: seonapi queue" in page
    home.https_certificate.chmod(0o600)
    below = client.post(f"/base{PAGE}", {"do": "check"}, secure=True, SCRIPT_NAME="/base", PATH_INFO=PAGE)
    assert 'href="/base/panel/licenses/"' in below.content.decode()
