"""The page "About": which versions run, where things are, and whether the installation is sound."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from seon.backend.checking.findings import Level
from seon.backend.checking.installation import check_loaded
from seon.backend.home import current_home
from seon.backend.panel.about.facts import DOCUMENTS, places, programs, versions
from seon.backend.panel.pages import PanelPage


class AboutPage(PanelPage):
    """What this installation is."""

    title = _("About")
    template = "about/about.html"
    does = ("check",)
    _found: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        """Return versions, places, and what the check has found if it was asked for."""
        return {
            "versions": versions(),
            "programs": list(programs()),
            "places": places(),
            "documents": DOCUMENTS,
            "checked": self._found,
        }

    def do_check(self) -> HttpResponse | None:
        """Look at the whole installation, as `seonapi check` does. It changes nothing."""
        found = list(check_loaded(current_home()))
        self._found = {"findings": found, "errors": sum(one.level is Level.ERROR for one in found)}
        return self._show({})
