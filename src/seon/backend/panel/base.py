"""What every page of the panel stands on: unfold's clothes, rights, and forms that call acts.

Who has the right to read sees every page; all else a page offers to those who have the right of the act behind it. A
page names the acts that its forms call, and says how:

    class ListenerRows(ActingRows):
        model = Listener
        acts = Acts(add=add_listener, remove=remove_listener)

        def do_add(self, by, parent, form): ...

What an act refuses stands above the form, with all that was entered, and nothing of the form was stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from seon.backend.acting.actors import Actor, Way, user_of
from seon.backend.acting.acts import Act, ForbiddenError, PasswordNeededError
from seon.backend.acting.rights import Right
from seon.backend.configuration.values import told
from seon.backend.errors import OperatorError
from seon.backend.journal.recording import record
from seon.backend.panel import confirming

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
    _HistoryPage = admin.ModelAdmin[Any]
    Rows = admin.TabularInline[Any, Any]
    Blocks = admin.StackedInline[Any, Any]
else:
    Page, Rows, Blocks = ModelAdmin, TabularInline, StackedInline

    class _HistoryPage(SimpleHistoryAdmin, ModelAdmin):
        pass


MOST_COUNTED = 10_000
"""Rows that a list counts; it has no pages beyond them. To see more, one filters."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Pages of a table that is too long to be counted."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, `MOST_COUNTED` at most."""
        rows = cast("QuerySet[Any]", self.object_list)
        return len(rows.order_by().values_list("pk")[:MOST_COUNTED])


AnyAct = Act[..., Any]
Form = Any
"""A valid model form: `cleaned_data`, `changed_data` and `instance`."""
_REFUSED = "seon_refused"
"""Where a request keeps what an act refused, for the form that is shown again."""


def actor(request: HttpRequest) -> Actor:
    """Return who asks, with the rights of this moment."""
    return user_of(request.user, Way.PANEL, confirmed=confirming.is_confirmed(request))


def may(request: HttpRequest, *acts: AnyAct | None) -> bool:
    """Whether who asks may do one of these acts."""
    by = actor(request)
    return any(act is not None and act.may(by) for act in acts)


def changed(form: Form) -> dict[str, Any]:
    """Return the values of a form that were changed, by their names."""
    return {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts behind a form; None: not offered."""

    add: AnyAct | None = None
    change: AnyAct | None = None
    remove: AnyAct | None = None


class Rights:
    """Who may see and do what, in the words of Django's admin."""

    acts: ClassVar[Acts] = Acts()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the subject stands on the overview."""
        return actor(request).may(Right.READ)

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Whether who asks sees the page."""
        return actor(request).may(Right.READ)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Whether who asks may do the act behind "add"."""
        return may(request, self.acts.add)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Whether who asks may do the act behind "save"."""
        return may(request, self.acts.change)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Whether who asks may do the act behind "delete"."""
        return may(request, self.acts.remove)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether the address of a list may ask for a lookup: what its filters do, and nothing else.

        Django's admin lets it ask for every field of the model. So whoever sees a list could find out the hashes of
        passwords and tokens, a character at a time.
        """
        filters = {name for name in getattr(self, "list_filter", ()) if isinstance(name, str)}
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]  # the page behind it has it
        return allowed and lookup.partition("__")[0] in filters


class ReadOnlyPage(Rights, Page):
    """A page whose forms change nothing. Its list actions may call acts."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or do what was chosen in it."""
        return acted(request, lambda: super(ReadOnlyPage, self).changelist_view(request, extra_context))


class _ActingInline(Rights):
    """Rows of a page's form, each of which an act adds, changes or removes."""

    acts: ClassVar[Acts]
    extra = 0
    adds_first: ClassVar[bool] = False
    """Whether what is new comes before what goes: where the last one must not go."""

    def do_add(self, by: Actor, parent: Any, form: Form) -> object:
        """Do the act behind a new row."""
        raise NotImplementedError

    def do_change(self, by: Actor, parent: Any, form: Form) -> object:
        """Do the act behind a changed row."""
        raise NotImplementedError

    def do_remove(self, by: Actor, parent: Any, row: Any) -> object:
        """Do the act behind a row that was taken away."""
        raise NotImplementedError

    def act_on(self, by: Actor, parent: Any, formset: Any) -> None:
        """Do all acts of the rows, and leave what Django's history of the form needs."""
        gone = list(formset.deleted_forms)
        new = [form for form in formset.extra_forms if form.has_changed() and form not in gone]
        other = [form for form in formset.initial_forms if form.has_changed() and form not in gone]
        gone = [form for form in gone if form.instance.pk]
        steps = [(gone, lambda form: self.do_remove(by, parent, form.instance)),
                 (other, lambda form: self.do_change(by, parent, form)),
                 (new, lambda form: self.do_add(by, parent, form))]  # fmt: skip
        for forms, do in reversed(steps) if self.adds_first else steps:
            for form in forms:
                do(form)
        formset.new_objects = [form.instance for form in new]
        formset.changed_objects = [(form.instance, form.changed_data) for form in other]
        formset.deleted_objects = [form.instance for form in gone]


class ActingRows(_ActingInline, Rows):
    """Such rows as a table."""


class ActingBlocks(_ActingInline, Blocks):
    """Such rows one below the other."""


class ActingPage(Rights, _HistoryPage):
    """A page whose form and list actions call acts, and whose history is shown."""

    acts: ClassVar[Acts]

    def do_add(self, by: Actor, form: Form) -> models.Model:
        """Do the act behind "add"; return the stored row."""
        raise NotImplementedError

    def do_change(self, by: Actor, obj: Any, form: Form) -> object:
        """Do the act behind "save"."""
        raise NotImplementedError

    def do_remove(self, by: Actor, obj: Any) -> object:
        """Do the act behind "delete"."""
        raise NotImplementedError

    # --- how Django's admin comes to them -----------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Return the form; if an act refused what was entered, it says so."""
        form: Any = super().get_form(request, obj, change, **options)
        refused = getattr(request, _REFUSED, "")
        return type(form.__name__, (_Refused, form), {"refused": refused}) if refused else form

    def save_model(self, request: HttpRequest, obj: Any, form: Form, change: bool) -> None:
        """Do the act behind the form."""
        if change:
            if form.changed_data:
                self.do_change(actor(request), obj, form)
            return
        stored = self.do_add(actor(request), form)
        obj.pk, obj._state.adding = stored.pk, False

    def save_related(self, request: HttpRequest, form: Form, formsets: Any, change: bool) -> None:
        """Do the acts behind the rows."""
        parent = form.instance
        inlines = {inline.model: inline for inline in self.get_inline_instances(request, parent)}
        for formset in formsets:
            inline = inlines[formset.model]
            if isinstance(inline, _ActingInline):
                inline.act_on(actor(request), parent, formset)
            else:
                self.save_formset(request, form, formset, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Do the act behind "delete"."""
        self.do_remove(actor(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Do the act behind "delete" for each that was chosen, or for none."""
        with transaction.atomic():
            for one in queryset:
                self.do_remove(actor(request), one)

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show the form, or do what was entered; what an act refuses stands above the form then."""

        def show() -> HttpResponse:
            try:
                return super(ActingPage, self).changeform_view(request, *args, **options)
            except (PasswordNeededError, ForbiddenError):
                raise
            except (OperatorError, ValidationError) as error:
                setattr(request, _REFUSED, str(error) if isinstance(error, OperatorError) else told(error))
                return super(ActingPage, self).changeform_view(request, *args, **options)

        return acted(request, show)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or do what was chosen in it."""
        return acted(request, lambda: super(ActingPage, self).changelist_view(request, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask whether to delete, or do it."""
        return acted(request, lambda: super(ActingPage, self).delete_view(request, object_id, extra_context))


class _Refused:
    """Makes a form invalid by what an act said."""

    refused: ClassVar[str]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the form behind it has one
        if not self.errors:  # type: ignore[attr-defined]
            self.add_error(None, self.refused)  # type: ignore[attr-defined]


def acted(request: HttpRequest, show: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what a page shows after its acts: itself, the question for the password, or what was refused."""
    hindered = confirming.take_password(request)
    if hindered is not None:
        return hindered
    try:
        return show()
    except PasswordNeededError:
        return confirming.ask(request)
    except ForbiddenError as error:
        # The act has said it within the form's transaction, which is undone.
        record("AUD-DENIED", user=request.user.get_username(), way=Way.PANEL.value, act=error.act)
        messages.error(request, str(error))
    except OperatorError as error:
        messages.error(request, f"Nothing was changed: {error}")
    return redirect(request.get_full_path())
