"""The addresses of all pages, below `/panel/`: each page group says its own."""

from importlib import import_module

app_name = "panel"
GROUPS = (
    "overview",
    "sessions",
    "files",
    "system_log",
    "partners",
    "refused",
    "tcp_ip",
    "proxy",
    "logging",
    "events",
    "limits",
    "verification",
    "trust",
    "queue",
    "in_force",
    "proxies",
    "licenses",
    "tokens",
    "own_certificates",
    "audit",
    "users",
    "jobs",
    "about",
)
"""The folders of the page groups."""
urlpatterns = [pattern for group in GROUPS for pattern in import_module(f"seon.backend.panel.{group}.urls").urlpatterns]
