"""A browser for tests of pages: one form of a page is sent as it came but for what was changed."""

from html import unescape
from html.parser import HTMLParser

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from seon.backend.acting.roles import make_roles

Form = dict[str, str]


class Pages:
    """The panel as a user of one role sees it."""

    def __init__(self, role: str = "administrator", name: str = "anna") -> None:
        settings.ALLOWED_HOSTS = ["testserver"]
        make_roles()
        user = User.objects.create(username=name, is_staff=True, is_superuser=role == "administrator")
        user.groups.add(Group.objects.get(name=role))
        self.client = Client()
        self.client.force_login(user)
        self.confirm()
        self.status = 0

    def confirm(self) -> None:
        """Be as if the password had been entered just now."""
        from seon.backend.panel import confirming

        confirming._logged_in(self)

    @property
    def session(self) -> object:
        """The session, as a request has it; it is stored when something is put into it."""
        return _Stored(self.client)

    def open(self, path: str, /, **asked: str) -> str:
        """Return a page as it is read."""
        answer = self.client.get(path, asked, secure=True, follow=True)
        self.status = answer.status_code
        return str(answer.content.decode())

    def forms(self, path: str) -> dict[str, Form]:
        """Return the forms of a page by what they do, with the values of their fields."""
        return _Forms(self.open(path)).found

    def send(self, path: str, do: str, /, **changes: str) -> str:
        """Fill a form in, send it, and return the page that follows, as it is read."""
        return self.post(path, {**self.forms(path)[do], **changes})

    def post(self, path: str, fields: Form) -> str:
        """Send fields as they are and return the page that follows, as it is read."""
        answer = self.client.post(path, fields, secure=True, follow=True)
        self.status = answer.status_code
        return unescape(str(answer.content.decode()))


class _Stored:
    def __init__(self, client: Client) -> None:
        self._session = client.session

    def __setitem__(self, name: str, value: object) -> None:
        self._session[name] = value
        self._session.save()


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, Form] = {}
        self._form: Form = {}
        self._open = ""
        """The select box or text area that we are in."""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = {}
        elif tag in ("select", "textarea"):
            self._open = name
            self._form[name] = ""
        elif tag == "option" and "selected" in given:
            self._form[self._open] = given.get("value", "")
        elif (tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given)) or (
            tag == "button" and name == "do"
        ):
            self._form[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._open = ""
        elif tag == "form" and "do" in self._form:
            self.found.setdefault(self._form["do"], self._form)

    def handle_data(self, data: str) -> None:
        if self._open and self.lasttag == "textarea":
            self._form[self._open] += data.removeprefix("\n") if not self._form[self._open] else data
