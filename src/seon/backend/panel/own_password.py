"""Panel: the user's own password. The old one is asked for as at a login, so that who guesses it is locked out."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from unfold.forms import AdminOwnPasswordChangeForm

from seon.backend.acting.actors import Way, user_of
from seon.backend.errors import OperatorError
from seon.backend.panel import confirming
from seon.backend.users.actions import MOST_PASSWORD, change_own_password


class _Form(AdminOwnPasswordChangeForm):  # type: ignore[misc]  # unfold has no types
    def __init__(self, user: Any, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(user, *args, **options)
        self._request = request
        for name in ("old_password", "new_password1", "new_password2"):
            self.fields[name].max_length = MOST_PASSWORD

    def clean_old_password(self) -> str:
        wrong = confirming.check(self._request, self.cleaned_data["old_password"])
        if wrong:
            raise ValidationError(wrong)
        return str(self.cleaned_data["old_password"])


class _View(PasswordChangeView):
    form_class = _Form
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        by = user_of(self.request.user, Way.PANEL, confirmed=True)  # the old password was entered just now
        try:
            changed = change_own_password(by, form.cleaned_data["new_password1"])
        except OperatorError as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        update_session_auth_hash(self.request, changed)  # the other sessions of the user end
        return HttpResponseRedirect(self.get_success_url())


def own_password(request: HttpRequest) -> HttpResponseBase:
    """Show the form that changes the password of who asks, or do it."""
    return _View.as_view(extra_context=admin.site.each_context(request))(request)
