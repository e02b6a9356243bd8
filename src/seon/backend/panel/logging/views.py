"""The page "Logging"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class LoggingPage(PanelPage):
    """What stands on the page."""

    title = _("Logging")
    template = "logging/logging.html"
