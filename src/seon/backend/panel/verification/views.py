"""The page "Verification"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class VerificationPage(PanelPage):
    """What stands on the page."""

    title = _("Verification")
    template = "verification/verification.html"
