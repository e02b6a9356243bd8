"""The page "Events"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class EventsPage(PanelPage):
    """What stands on the page."""

    title = _("Events")
    template = "events/events.html"
