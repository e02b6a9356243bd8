"""Panel: certificates, licenses, tokens. Private keys and hashes of tokens are shown nowhere.

Issuing needs the programs' output (a license file, a token shown once) and stays with the command line until the
panel's own pages exist; here they are looked at and withdrawn.
"""

from typing import ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from seon.backend.acting.actors import Actor
from seon.backend.panel.base import ActingPage, Acts, AnyAct, Form, ReadOnlyPage, actor, changed, may
from seon.backend.trust.license_actions import withdraw_license
from seon.backend.trust.models import Authority, License, OwnCertificate, Token
from seon.backend.trust.token_actions import change_token, withdraw_token


class WithdrawablePage(ActingPage):
    """What is issued elsewhere and can be withdrawn here. Nothing is deleted: a withdrawal stays visible."""

    withdrawal: ClassVar[AnyAct]
    named_by: ClassVar[str]
    """The field by which the act knows it."""
    actions = ("withdraw",)

    @admin.action(description="Withdraw", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, chosen: "QuerySet[License] | QuerySet[Token]") -> None:
        """Withdraw what is chosen and still in force: all of it or nothing."""
        with transaction.atomic():
            for one in chosen.filter(withdrawn_at=None):
                self.withdrawal(actor(request), getattr(one, self.named_by))
        self.message_user(request, "Withdrawn.", messages.SUCCESS)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may withdraw."""
        return may(request, self.withdrawal)


@admin.register(License)
class LicensePage(WithdrawablePage):
    """Licenses of servers."""

    acts = Acts()
    withdrawal = withdraw_license
    named_by = "serial"
    list_display = ("serial", "server", "not_after", "issued_at", "issued_by", "withdrawn_at")
    list_filter = ("withdrawn_at",)
    readonly_fields = ("serial", "server", "not_after", "issued_at", "issued_by", "withdrawn_at")


@admin.register(Token)
class TokenPage(WithdrawablePage):
    """Security tokens of clients."""

    acts = Acts(change=change_token)
    withdrawal = withdraw_token
    named_by = "name"
    list_display = ("name", "client", "expires_at", "created_at", "withdrawn_at")
    readonly_fields = ("name", "created_at", "former_until", "withdrawn_at")
    filter_horizontal = ("servers",)

    def do_change(self, by: Actor, obj: Token, form: Form) -> object:
        """Change whom the token is for, which servers its client may serve, or its end."""
        given = changed(form)
        changes: dict[str, object] = {}
        if "client" in given:
            changes["client"] = given["client"].name if given["client"] else ""
        if "servers" in given:
            changes["proxy_ids"] = [server.proxy_id for server in given["servers"]]
        if "expires_at" in given:
            changes["expires_at"] = given["expires_at"]
        return change_token(by, obj.name, **changes)


@admin.register(OwnCertificate)
class OwnCertificatePage(ReadOnlyPage):
    """The company's certificates. They come with `seonapi certificate add`, since their keys do."""

    list_display = ("name", "subject", "not_after", "in_use", "use_from")
    fields = ("name", "subject", "fingerprint", "not_before", "not_after", "in_use", "use_from", "used_at", "chain")


@admin.register(Authority)
class AuthorityPage(ReadOnlyPage):
    """The installation's CAs."""

    list_display = ("kind",)
    fields = ("kind", "certificate")
