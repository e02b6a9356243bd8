"""The part that says on which hosts the configuration is in force."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from seon.backend.panel.in_force.shown import in_force_now
from seon.backend.panel.pages import PanelPage


class InForcePart(PanelPage):
    """It is fetched by itself, `?seen=MARK`; where nothing else is to be said, the answer is empty (204)."""

    http_method_names: ClassVar[list[str]] = ["get", "head"]  # type: ignore[misc]

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Show the part."""
        now = in_force_now()
        if request.GET.get("seen") == now.mark:
            return HttpResponse(status=204)
        return TemplateResponse(request, "in_force/in_force.html", {"now": now})
