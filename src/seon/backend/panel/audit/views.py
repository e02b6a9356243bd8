"""The page "Audit"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class AuditPage(PanelPage):
    """What stands on the page."""

    title = _("Audit")
    template = "audit/audit.html"
