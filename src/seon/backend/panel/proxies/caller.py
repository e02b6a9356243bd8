"""A client is made of a caller that is in no entry."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.proxy.client_forms import NewClient
from seon.backend.proxies.actions import add_client

MOST_SHOWN = 45
"""Characters of an address."""


class NewClientPage(PanelPage):
    """A client is added: by its name and the address that it calls from, which `?address=` may say."""

    title = gettext_lazy("Add a client")
    template = "proxies/client_add.html"
    form_classes = {"add": NewClient}

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Fill in the address from which somebody calls."""
        return {"initial": {"address": self.request.GET.get("address", "")[:MOST_SHOWN]}}

    def shown(self) -> dict[str, Any]:
        """Return whether somebody may add one."""
        return {"may_configure": add_client.may(self.by)}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002 - as every form
        """Lead to the new client: its listening ports come next."""
        return redirect("panel:proxy-client", form.result.pk)
