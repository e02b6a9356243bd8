"""The page "System log"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class SystemLogPage(PanelPage):
    """What stands on the page."""

    title = _("System log")
    template = "system_log/system_log.html"
