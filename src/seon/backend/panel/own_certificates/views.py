"""The page "Own certificates"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class OwnCertificatesPage(PanelPage):
    """What stands on the page."""

    title = _("Own certificates")
    template = "own_certificates/own_certificates.html"
