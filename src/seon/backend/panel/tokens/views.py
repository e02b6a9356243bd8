"""The pages of security tokens: make one, see it once, rotate it, withdraw it."""

from typing import Any
from urllib.parse import urljoin

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.live.lists import servers as live_servers
from seon.backend.panel import kept
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.badges import badge
from seon.backend.panel.lists import ListPage
from seon.backend.panel.moments import to_the_minute
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.tokens.forms import ChangeForm, NewForm, RotateForm
from seon.backend.trust.lists import token_state
from seon.backend.trust.models import Token
from seon.backend.trust.token_actions import change_token, new_token, withdraw_token

PLACE = "/etc/seon_token"
"""Where the service of the client looks for its token (packaging/systemd)."""
NO_SERVER = "SERVER:2878"
"""What stands in a command where no server is known yet."""


def _all() -> Any:
    return Token.objects.select_related("client", "use").prefetch_related("servers")


def _found(pk: int) -> Token:
    token: Token | None = _all().filter(pk=pk).first()
    if token is None:
        raise Http404(_("There is no such token"))
    return token


def _row(token: Token) -> dict[str, Any]:
    now = timezone.now()
    overlap = token.former_until if token.former_until and token.former_until > now else None
    return {"token": token, "badge": badge(token_state(token, now)), "use": getattr(token, "use", None),
            "servers": list(token.servers.all()), "overlap": overlap}  # fmt: skip


class TokensPage(ListPage):
    """All tokens, and the form that makes one."""

    title = gettext_lazy("Tokens")
    template = "tokens/tokens.html"
    form_classes = {"new": NewForm}

    def rows(self, given: dict[str, Any]) -> Any:
        """Return the tokens: those in force first."""
        found = _all().order_by("withdrawn_at", "name")
        words = given.get("q")
        return found.filter(Q(name__icontains=words) | Q(client__name__icontains=words)) if words else found

    def row(self, stored: Token) -> dict[str, Any]:
        """Return a token as the table shows it."""
        return _row(stored)

    def shown(self) -> dict[str, Any]:
        """Return the list, and whether the form is offered."""
        return {**super().shown(), "may_make": new_token.may(self.by)}

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Lead to the page that shows it once."""
        return to_the_secret(self.request, Token.objects.get(name=form.cleaned_data["name"].strip()), form.result)


class TokenPage(PanelPage):
    """One token: who may use it, a new secret for it, its end."""

    template = "tokens/token.html"
    form_classes = {"change": ChangeForm, "rotate": RotateForm}
    does = ("withdraw",)

    def heading(self) -> str:
        """Return its name."""
        return _("Token %s") % self.token

    @property
    def token(self) -> Token:
        """The token that the address names."""
        return _found(self.kwargs["pk"])

    def shown(self) -> dict[str, Any]:
        """Return all that is known of it."""
        row = _row(self.token)
        may = row["token"].withdrawn_at is None and change_token.may(self.by)
        return {**row, "may_change": may}

    def form_options(self, name: str) -> dict[str, Any]:
        """Return what is there now."""
        token = self.token
        if name != "change":
            return {"about": token}
        there = {
            "client": token.client.name if token.client else None,
            "servers": sorted(server.proxy_id for server in token.servers.all()),
            "expires_at": to_the_minute(token.expires_at),
        }
        return {"about": token, "initial": there, "prefix": "change"}

    def after(self, name: str, form: ActForm) -> HttpResponse:
        """Lead to the new secret, once."""
        return to_the_secret(self.request, self.token, form.result) if name == "rotate" else self.here()

    def do_withdraw(self) -> HttpResponse | None:
        """Withdraw it, once that is meant."""
        token = self.token
        asked = self.ask(
            _("Withdraw the token %s?") % token,
            _("Withdraw"),
            _("The calls of the client that uses it are refused from now on, and its link ends within 5 s."),
            _("Its sessions end. A withdrawal cannot be taken back: the client needs a new token then."),
        )
        if asked is None:
            withdraw_token(self.by, token.name)
            self.say(_("The token %s is withdrawn.") % token)
        return asked


class SecretPage(PanelPage):
    """A token just made, shown once: whoever loads the page again sees nothing, and as every page it is never kept."""

    template = "tokens/secret.html"

    def heading(self) -> str:
        """Return whose it is."""
        return _("Token %s") % _found(self.kwargs["pk"])

    def shown(self) -> dict[str, Any]:
        """Return the token itself, and how its client is started with it."""
        token = _found(self.kwargs["pk"])
        is_read = self.request.method == "GET"  # HEAD shows nothing, and so takes nothing
        secret = kept.show_once(self.request, _about(token)) if is_read else ""
        url = urljoin(f"https://{self.request.get_host()}", get_script_prefix()).rstrip("/")
        places = sorted({server.place for _client, server in live_servers()})
        return {**_row(token), "secret": secret, "url": url, "file": PLACE,
                "places": places or [NO_SERVER], "no_server": not places}  # fmt: skip


def to_the_secret(request: HttpRequest, token: Token, secret: str) -> HttpResponse:
    """Lead to the page that shows a token once."""
    kept.keep_for_once(request, _about(token), secret)
    return redirect("panel:token-secret", pk=token.pk)


def _about(token: Token) -> str:
    return f"token {token.pk}"
