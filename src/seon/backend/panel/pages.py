"""The panel's own pages: who may see one, what it shows, and how its forms and buttons call acts.

    class TokensPage(PanelPage):
        title = _("Tokens")
        template = "tokens/tokens.html"
        form_classes = {"add": AddToken}
        does = ("withdraw",)

        def shown(self) -> dict[str, Any]: ...
        def do_withdraw(self) -> HttpResponse | None: ...

Trust: everything that a request holds is entered by somebody. A form checks it, an act decides (acting/acts.py). A page
has no rule of its own. What is sent again after the password was asked is a request like any other.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import ForbiddenError
from seon.backend.acting.rights import Right
from seon.backend.panel import refusing
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.base import acted, actor

Text = str | Promise
SURE = "seon_sure"
"""Set by the page that asks whether somebody is sure."""
_NOT_CARRIED = frozenset({SURE, "csrfmiddlewaretoken"})


class PanelPage(View):
    """One page of the panel. A subclass says what stands on it; the frame says how it looks."""

    title: ClassVar[Text] = ""
    template: ClassVar[str] = ""
    """The whole page; it extends `frame/page.html`."""
    right: ClassVar[Right] = Right.READ
    """Who may see it."""
    parts: ClassVar[Mapping[str, str]] = {}
    """Parts that are fetched by themselves, `?part=NAME`: templates without the frame around them."""
    form_classes: ClassVar[Mapping[str, type[ActForm]]] = {}
    """The page's forms by their names; a form is sent with `do=NAME`."""
    does: ClassVar[tuple[str, ...]] = ()
    """What its buttons do: `do=NAME` calls `do_NAME`."""
    http_method_names: ClassVar[list[str]] = ["get", "post", "head"]  # type: ignore[misc]

    @classmethod
    def at(cls, route: str, name: str) -> URLPattern:
        """Return the address of the page, below `/panel/`."""
        return path(route, admin.site.admin_view(cls.as_view()), name=name)

    # --- what a subclass says ----------------------------------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        """Return what the template needs. Raises Http404 where there is no such thing."""
        return {}

    def heading(self) -> Text:
        """Return the title of this page; what it is about may stand in it."""
        return self.title

    def form_options(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return what a form is made with besides what was sent: `initial`, `about`, `prefix`."""
        return {}

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what the template of a part needs."""
        return self.shown()

    def after(self, name: str, form: ActForm) -> HttpResponse:  # noqa: ARG002
        """Return where somebody is led after a form was done; the same page, unless a subclass knows better."""
        return self.here()

    # --- what a subclass uses ----------------------------------------------------------------------------------------

    @property
    def by(self) -> Actor:
        """Who asks, with the rights of this moment."""
        return actor(self.request)

    def say(self, text: Text) -> None:
        """Say on the next page that something was done."""
        messages.success(self.request, str(text))

    def here(self) -> HttpResponse:
        """Lead back to this page, as it is asked for."""
        return redirect(self.request.get_full_path())

    def ask(self, question: Text, button: Text, *lines: Text) -> HttpResponse | None:
        """Ask whether somebody is sure, on a page of its own; None once it was answered with yes.

        `lines`: what it does, each a sentence. What was sent is sent again with the answer.
        """
        if self.request.POST.get(SURE) == "1":
            return None
        fields = [
            (name, value) for name, values in self.request.POST.lists() if name not in _NOT_CARRIED for value in values
        ]
        asked = {"question": question, "button": button, "lines": lines, "fields": fields, "sure": SURE}
        return self._page("frame/question.html", asked, self.heading())

    # --- how a request comes to them ---------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Answer who may see the page."""
        if not actor(request).may(self.right):
            raise PermissionDenied
        return acted(request, lambda: self._answered(request, *args, **options))

    def _answered(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        try:
            return cast("HttpResponse", super().dispatch(request, *args, **options))
        except ForbiddenError as error:  # the act has put it into the audit
            return refusing.denied(error)

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Show the page, or a part of it."""
        part = request.GET.get("part")
        if part is None:
            return self._show({})
        if part not in self.parts:
            raise Http404
        return TemplateResponse(request, self.parts[part], self.part_shown(part))

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Do what was asked for."""
        name = request.POST.get("do", "")
        if name in self.form_classes:
            return self._take_form(name)
        if name not in self.does:
            raise BadRequest("There is nothing of this name to be done on this page")
        done: HttpResponse | None = getattr(self, f"do_{name}")()
        return done or self.here()

    def make_form(self, name: str, *, sent: bool = False) -> ActForm:
        """Return a form of the page, empty or with what was sent."""
        data = (self.request.POST, self.request.FILES) if sent else ()
        return self.form_classes[name](*data, **self.form_options(name))

    def _take_form(self, name: str) -> HttpResponse:
        form = self.make_form(name, sent=True)
        if not form.do(self.by):
            return self._show({name: form})
        if form.told:
            self.say(form.told)
        return self.after(name, form)

    def _show(self, sent: Mapping[str, ActForm]) -> HttpResponse:
        forms = {name: sent.get(name) or self.make_form(name) for name in self.form_classes}
        return self._page(self.template, {"forms": forms, **self.shown()}, self.heading())

    def _page(self, template: str, context: Mapping[str, Any], title: Text) -> HttpResponse:
        around = {**admin.site.each_context(self.request), "title": title, "by": self.by}
        return TemplateResponse(self.request, template, {**around, **context})


def chosen(request: HttpRequest, name: str = "chosen", most: int = 1_000) -> list[str]:
    """Return what is ticked in a list. Raises BadRequest for more than a list can show."""
    values = request.POST.getlist(name)
    if len(values) > most:
        raise BadRequest(_("So many cannot be chosen at once"))
    return values
