"""Who is logged in to the panel, found among the sessions that Django keeps."""

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from seon.backend.users.sessions import end_sessions_of, sessions_of


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_each_login_of_a_user_is_found_and_ended_and_no_other() -> None:
    anna, berta = (User.objects.create_user(name, password="x" * 12, is_staff=True) for name in ("anna", "berta"))
    keys = {logged_in(anna).session.session_key for _ in range(2)}
    others = logged_in(berta)
    assert set(sessions_of(anna)) == keys
    assert end_sessions_of(anna) == 2
    assert [session.pk for session in Session.objects.all()] == [others.session.session_key]


def test_a_session_that_is_over_or_of_an_older_password_counts_no_more() -> None:
    anna = User.objects.create_user("anna", password="x" * 12, is_staff=True)
    logged_in(anna)
    Session.objects.update(expire_date=timezone.now())
    logged_in(anna)
    assert len(sessions_of(anna)) == 1
    anna.set_password("y" * 12)
    anna.save()
    assert sessions_of(anna) == []
