"""About: everybody sees it, and may have the installation checked."""

import pytest
from django.urls import get_script_prefix, set_script_prefix
from panel_clients import ROLES, logged_in, seen, sent

from seon.backend.checking.installation import check_loaded
from seon.backend.home import Home
from seon.build import this_build

PAGE = "/panel/about/"


@pytest.mark.parametrize("role", ROLES)
def test_versions_and_places_are_there(role: str, home: Home) -> None:
    page = seen(logged_in(role), PAGE)
    assert str(this_build()) in page
    assert str(home.path) in page
    assert "Apache License" in page


def test_the_check_says_what_is_wrong_and_what_to_do() -> None:
    client = logged_in("auditor")
    page = sent(client, PAGE, {"do": "check"})
    assert "things do not work" in page
    assert "The Seon send queue daemon has never run" in page
    assert "Start it: seonapi queue" in page


def test_the_check_leaves_the_prefix_that_links_begin_with(home: Home) -> None:
    set_script_prefix("/base/")
    try:
        assert any(one.check == "queue-daemon" for one in check_loaded(home))
        assert get_script_prefix() == "/base/"
    finally:
        set_script_prefix("/")
