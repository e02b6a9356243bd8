"""Somebody at the panel, by role, without a browser."""

from html import unescape

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from seon.backend.acting.roles import make_roles

PASSWORD = "correct horse battery"
ROLES = ("administrator", "operator", "auditor")


def logged_in(role: str) -> Client:
    """Return a client that is logged in with a role, by which its user is called `the-<role>`."""
    settings.ALLOWED_HOSTS = ["testserver"]
    make_roles()
    name = f"the-{role}"
    user = User.objects.filter(username=name).first() or User.objects.create_user(
        name, password=PASSWORD, is_staff=True
    )
    user.groups.set([Group.objects.get(name=role)])
    client = Client()
    client.force_login(user)
    return client


def seen(client: Client, path: str, status: int = 200) -> str:
    """Return what a page shows, unescaped."""
    answer = client.get(path, secure=True)
    assert answer.status_code == status, (path, answer.status_code)
    return unescape(answer.content.decode())


def sent(client: Client, path: str, form: dict[str, object]) -> str:
    """Send a form, follow where it leads, and return what is shown there, unescaped."""
    return unescape(client.post(path, form, secure=True, follow=True).content.decode())
