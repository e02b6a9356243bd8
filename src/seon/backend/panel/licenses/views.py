"""The page "Licenses"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class LicensesPage(PanelPage):
    """What stands on the page."""

    title = _("Licenses")
    template = "licenses/licenses.html"
