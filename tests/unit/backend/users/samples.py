from acting.samples import Sample
from axes.models import AccessAttempt
from django.contrib.auth.models import User

from seon.backend.acting.actors import owner
from seon.backend.users import actions

PASSWORD = "correct horse battery"


def two() -> None:
    User.objects.create_superuser("admin")
    actions.add_user(owner(), "berta", ["operator"], PASSWORD)


def administrator() -> None:
    User.objects.create_superuser("admin")


def locked() -> None:
    two()
    AccessAttempt.objects.create(username="berta", ip_address="192.0.2.7", failures_since_start=5)


SAMPLES = {
    "user.add": Sample(
        good=lambda by: actions.add_user(by, "carla", ["auditor"], PASSWORD),
        bad=lambda by: actions.add_user(by, "carla", ["auditor"], "short"),
        ready=administrator,
        told="user carla: added; roles: auditor",
    ),
    "user.change": Sample(
        good=lambda by: actions.change_user(by, "berta", roles=["auditor"], active=False),
        bad=lambda by: actions.change_user(by, "admin", roles=["auditor"]),
        ready=two,
        told="user berta: roles: operator to auditor",
    ),
    "user.password": Sample(
        good=lambda by: actions.set_password(by, "berta", "another long password"),
        bad=lambda by: actions.set_password(by, "berta", "password1234"),
        ready=two,
        told="user berta: password: changed",
    ),
    "user.own_password": Sample(
        good=lambda by: actions.change_own_password(by, "another long password"),
        bad=lambda by: actions.change_own_password(by, "another long password"),  # who types commands is no user
        ready=lambda: User.objects.create_user("anna") and None,
        told="user anna: password: changed by the user",
    ),
    "user.unlock": Sample(
        good=lambda by: actions.unlock_user(by, "berta"),
        bad=lambda by: actions.unlock_user(by, "nobody"),
        ready=locked,
        told="user berta: unlocked; failed logins of 1 address forgotten",
    ),
    "user.end_sessions": Sample(
        good=lambda by: actions.end_sessions(by, "berta"),
        bad=lambda by: actions.end_sessions(by, "nobody"),
        ready=two,
        told="user berta: 0 sessions ended",
    ),
    "user.remove": Sample(
        good=lambda by: actions.remove_user(by, "berta"),
        bad=lambda by: actions.remove_user(by, "admin"),
        ready=two,
        told="user berta: removed",
    ),
}
