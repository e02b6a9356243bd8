"""Panel: trust anchors."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from seon.backend.acting.actors import Actor
from seon.backend.anchors import actions
from seon.backend.anchors.models import Anchor
from seon.backend.panel.base import ActingPage, Acts, Form, changed


@admin.register(Anchor)
class AnchorPage(ActingPage):
    """A CA whose certificates may admit partners. One by which partners come in is removed by the command line."""

    acts = Acts(add=actions.add_anchor, change=actions.change_anchor, remove=actions.remove_anchor)
    list_display = ("name", "not_after", "asserts_odette_ids", "subject", "fingerprint")
    list_filter = ("asserts_odette_ids",)
    search_fields = ("name", "subject", "fingerprint")
    fields = ("name", "asserts_odette_ids", "pem", "subject", "not_after", "fingerprint", "origin", "added_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Return what is found out, and what stays as it is once an anchor is there: its certificate."""
        found = ("subject", "not_after", "fingerprint", "origin", "added_at")
        return ("pem", *found) if obj else found

    def do_add(self, by: Actor, form: Form) -> Anchor:
        """Add the anchor."""
        given = form.cleaned_data
        return actions.add_anchor(
            by, given["pem"].encode(), name=given["name"], asserts_odette_ids=given["asserts_odette_ids"]
        ).anchor

    def do_change(self, by: Actor, obj: Anchor, form: Form) -> object:
        """Change what was changed."""
        return actions.change_anchor(by, obj.fingerprint, **changed(form))

    def do_remove(self, by: Actor, obj: Anchor) -> object:
        """Remove the anchor, if no partner comes in by it."""
        return actions.remove_anchor(by, obj.fingerprint)
