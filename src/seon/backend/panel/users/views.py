"""The page "Users"."""

from django.utils.translation import gettext_lazy as _

from seon.backend.panel.pages import PanelPage


class UsersPage(PanelPage):
    """What stands on the page."""

    title = _("Users")
    template = "users/users.html"
