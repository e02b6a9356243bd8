"""The page "Files"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class FilesPage(PanelPage):
    """What stands on the page."""

    title = _("Files")
    template = "files/files.html"
