"""The page "Queue"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class QueuePage(PanelPage):
    """What stands on the page."""

    title = _("Queue")
    template = "queue/queue.html"
