"""Panel: certificates, licenses, tokens. Private keys and hashes of tokens are shown nowhere.

Issuing needs the programs' output (a license file, a token shown once) and stays with the command line until the
panel's own pages exist; here they are looked at and withdrawn.
"""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from seon.backend.panel.base import AuditedPage, ReadOnlyPage
from seon.backend.trust.models import Authority, CrlUrl, License, OwnCertificate, Token


class WithdrawablePage(AuditedPage):
    """What is issued elsewhere and can be withdrawn here. Nothing is deleted: a withdrawal stays visible."""

    actions = ("withdraw",)

    @admin.action(description="Withdraw", permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: "QuerySet[License] | QuerySet[Token]") -> None:
        """Withdraw what is chosen, one by one, so that each leaves its own history."""
        with transaction.atomic():
            for one in chosen.filter(withdrawn_at=None):
                one.withdrawn_at = timezone.now()
                one.save()
        self.message_user(request, "Withdrawn.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - nobody may
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False


@admin.register(License)
class LicensePage(WithdrawablePage):
    """Licenses of servers."""

    list_display = ("serial", "server", "not_after", "issued_at", "issued_by", "withdrawn_at")
    list_filter = ("withdrawn_at",)
    readonly_fields = ("serial", "server", "not_after", "issued_at", "issued_by", "withdrawn_at")


@admin.register(Token)
class TokenPage(WithdrawablePage):
    """Security tokens of clients."""

    list_display = ("name", "client", "expires_at", "created_at", "withdrawn_at")
    readonly_fields = ("name", "created_at", "former_until", "withdrawn_at")
    filter_horizontal = ("servers",)


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


@admin.register(CrlUrl)
class CrlUrlPage(ReadOnlyPage):
    """CRL addresses that servers have seen."""

    list_display = ("url", "first_seen")
    search_fields = ("url",)
