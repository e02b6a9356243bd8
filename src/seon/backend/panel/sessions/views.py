"""The page "Sessions"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class SessionsPage(PanelPage):
    """What stands on the page."""

    title = _("Sessions")
    template = "sessions/sessions.html"
