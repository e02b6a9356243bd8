"""Panel: the user's own password. The old one is asked for as at a login, so that who guesses it is locked out."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.users.forms import OwnPasswordForm


class OwnPasswordPage(PanelPage):
    """The form that changes the password of who asks."""

    title = _("Change your password")
    template = "users/own_password.html"
    form_classes = {"own": OwnPasswordForm}

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return whose password it is."""
        return {"about": self.request, "initial": {"user_name": self.by.name}}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Stay logged in here: the other sessions of the user end."""
        update_session_auth_hash(self.request, form.result)
        return super().after(name, form)
