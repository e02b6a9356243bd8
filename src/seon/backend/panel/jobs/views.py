"""The page "Background jobs"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class JobsPage(PanelPage):
    """What stands on the page."""

    title = _("Background jobs")
    template = "jobs/jobs.html"
