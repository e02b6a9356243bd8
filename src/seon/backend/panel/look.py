"""How the panel presents itself: name, and the side bar in the order of an administrator's work."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# Group -> (title, icon of Material Symbols, model's page).
_PAGES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Configuration": (
        ("Settings", "settings", "configuration_settings"),
        ("Partners", "handshake", "partners_partner"),
        ("Proxy clients", "lan", "proxies_proxyclient"),
        ("Proxy servers", "dns", "proxies_proxyserver"),
    ),
    "Trust": (
        ("Own certificates", "badge", "trust_owncertificate"),
        ("Licenses", "license", "trust_license"),
        ("Security tokens", "key", "trust_token"),
        ("Authorities", "verified", "trust_authority"),
        ("Revocation lists", "link", "revocation_crlurl"),
    ),
    "Journal": (
        ("Events", "list_alt", "journal_entry"),
        ("Sessions", "sync_alt", "journal_session"),
    ),
    "Administration": (
        ("Users", "person", "auth_user"),
        ("Groups", "group", "auth_group"),
        ("Failed logins", "lock", "axes_accessattempt"),
    ),
}


def _group(title: str, pages: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    items = [
        {"title": name, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")} for name, icon, model in pages
    ]
    return {"title": title, "separator": True, "items": items}


def _icon(_: HttpRequest) -> str:
    return static("panel/favicon.svg")


UNFOLD = {
    "SITE_TITLE": "Seon SmartProxy",
    "SITE_HEADER": "Seon SmartProxy",
    "SITE_SUBHEADER": "OFTP2 security proxy",
    "SITE_SYMBOL": "shield_lock",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "navigation": [_group(title, pages) for title, pages in _PAGES.items()]},
}
