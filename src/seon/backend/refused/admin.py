"""Panel: refused certificates."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from seon.backend.panel.base import ReadOnlyPage, actor, may
from seon.backend.refused import actions
from seon.backend.refused.models import RefusedCertificate


@admin.register(RefusedCertificate)
class RefusedPage(ReadOnlyPage):
    """What servers have refused. What is done with one is done by the command line."""

    list_display = ("last_seen", "source", "verdict", "subject", "issuer", "count", "fingerprint")
    list_filter = ("verdict",)
    search_fields = ("subject", "issuer", "fingerprint", "source")
    fields = (
        "subject", "issuer", "serial", "fingerprint", "not_before", "not_after", "first_seen", "last_seen", "count",
        "source", "verdict", "reason",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("forget",)

    @admin.action(description="Forget", permissions=["forget"])
    def forget(self, request: HttpRequest, chosen: "QuerySet[RefusedCertificate]") -> None:
        """Forget what was chosen."""
        actions.remove_refused(actor(request), [row.fingerprint for row in chosen])
        self.message_user(request, "Forgotten.")

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may forget refused certificates."""
        return may(request, actions.remove_refused)
