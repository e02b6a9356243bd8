"""The side bar, in the order of an administrator's work, and the name of the product."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


class Entry(NamedTuple):
    """A page in the side bar."""

    title: Any
    icon: str
    """Of Material Symbols, which unfold ships."""
    page: str
    """The name of its address."""


PAGES: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    ("", (
        Entry(_("Overview"), "dashboard", "admin:index"),
        Entry(_("Sessions"), "sync_alt", "panel:sessions"),
        Entry(_("Files"), "description", "panel:files"),
        Entry(_("System log"), "list_alt", "panel:system-log"),
    )),
    (_("Partners"), (
        Entry(_("Partners"), "handshake", "panel:partners"),
        Entry(_("Refused strangers"), "person_off", "panel:refused"),
    )),
    (_("Configuration"), (
        Entry(_("TCP/IP"), "lan", "panel:tcp-ip"),
        Entry(_("Proxy"), "swap_horiz", "panel:proxy"),
        Entry(_("Logging"), "notes", "panel:logging"),
        Entry(_("Events"), "notifications", "panel:events"),
        Entry(_("Limits"), "speed", "panel:limits"),
        Entry(_("Verification"), "fact_check", "panel:verification"),
        Entry(_("Trust"), "verified", "panel:trust"),
        Entry(_("Queue"), "schedule", "panel:queue"),
    )),
    (_("Proxies"), (
        Entry(_("Proxies"), "dns", "panel:proxies"),
        Entry(_("Licenses"), "license", "panel:licenses"),
        Entry(_("Tokens"), "key", "panel:tokens"),
        Entry(_("Own certificates"), "badge", "panel:own-certificates"),
    )),
    (_("Administration"), (
        Entry(_("Audit"), "history", "panel:audit"),
        Entry(_("Users"), "person", "panel:users"),
        Entry(_("Background jobs"), "pending_actions", "panel:jobs"),
        Entry(_("About"), "info", "panel:about"),
    )),
)  # fmt: skip


def _item(entry: Entry) -> dict[str, Any]:
    link = reverse_lazy(entry.page)

    def is_open(request: HttpRequest) -> bool:
        """Whether the page, or one below it, is open; every page is below the overview."""
        return request.path == str(link) if entry.page == "admin:index" else request.path.startswith(str(link))

    return {"title": entry.title, "icon": entry.icon, "link": link, "active": is_open}


def _group(title: Any, entries: tuple[Entry, ...]) -> dict[str, Any]:
    items = [_item(entry) for entry in entries]
    return {"title": title, "separator": not isinstance(title, str), "items": items}


def _icon(_: HttpRequest) -> str:
    return static("panel/favicon.svg")


def _stylesheet(_: HttpRequest) -> str:
    return static("panel/panel.css")


def _script(_: HttpRequest) -> str:
    return static("panel/panel.js")


UNFOLD = {
    "SITE_TITLE": "Seon SmartProxy",
    "SITE_HEADER": "Seon SmartProxy",
    "SITE_SUBHEADER": _("OFTP2 security proxy"),
    "SITE_SYMBOL": "shield_lock",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [_stylesheet],
    "SCRIPTS": [_script],
    "SIDEBAR": {"show_search": False, "navigation": [_group(title, entries) for title, entries in PAGES]},
}
