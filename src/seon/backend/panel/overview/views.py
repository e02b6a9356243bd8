"""The overview: does it work, who is connected, how much passes, what ends soon; or how to get to the first file."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from seon.backend.journal.lists import EntryFilter, entries
from seon.backend.panel.overview.beginning import steps
from seon.backend.panel.overview.facts import Facts, gather
from seon.backend.panel.overview.judging import judge
from seon.backend.panel.overview.numbers import SPANS, charts
from seon.backend.panel.pages import PanelPage
from seon.events import Severity

LAST_EVENTS = 5
MOST_ENDINGS = 8
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class OverviewPage(PanelPage):
    """The panel's first page."""

    title = _("Overview")
    template = "overview/overview.html"
    parts = {
        "now": "overview/now.html",
        "steps": "overview/steps.html",
        "numbers": "overview/numbers.html",
        "more": "overview/more.html",
    }

    def shown(self) -> dict[str, Any]:
        """Return all parts, from one and the same facts."""
        facts = gather()
        return {**_now(facts), **self._steps(facts), **self._numbers(), **_more(facts)}

    def part_shown(self, name: str) -> dict[str, Any]:
        """Return what one part needs."""
        if name == "numbers":
            return self._numbers()
        facts = gather()
        if name == "steps":
            return self._steps(facts)
        return _now(facts) if name == "now" else _more(facts)

    def _steps(self, facts: Facts) -> dict[str, Any]:
        found = steps(facts, self._address())
        return {"steps": found, "steps_done": sum(step.done for step in found), "facts": facts}

    def _numbers(self) -> dict[str, Any]:
        span = self.request.GET.get("span", "")
        span = span if span in SPANS else next(iter(SPANS))
        return {"charts": charts(span), "span": span}

    def _address(self) -> str:
        """Return how clients on other hosts reach Seonapi: as the browser does, but not by a name of loopback."""
        parts = urlsplit(self.request.build_absolute_uri("/"))
        name, port = self.request.get_host().removesuffix(f":{parts.port}"), f":{parts.port}" if parts.port else ""
        if name in _LOOPBACK:
            name = next((known for known in settings.ALLOWED_HOSTS if known not in _LOOPBACK), "SEONAPI_HOST")
        return f"https://{name}{port}"


def _now(facts: Facts) -> dict[str, Any]:
    return {"facts": facts, "verdict": judge(facts)}


def _more(facts: Facts) -> dict[str, Any]:
    return {
        "facts": facts,
        "endings": facts.endings[:MOST_ENDINGS],
        "endings_more": max(len(facts.endings) - MOST_ENDINGS, 0),
        "last_events": entries(EntryFilter(severity=Severity.CRITICAL), limit=LAST_EVENTS).entries,
    }
