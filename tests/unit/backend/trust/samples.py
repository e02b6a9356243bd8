import datetime as dt

from acting.samples import Sample
from django.utils import timezone

from certificates import make
from seon.backend.acting.actors import owner
from seon.backend.trust.license_actions import issue_license, withdraw_license
from seon.backend.trust.models import License
from seon.backend.trust.own import keep_key
from seon.backend.trust.own_actions import (
    Addition,
    KeyKind,
    Prepared,
    RequestWanted,
    add_authorities,
    add_certificate,
    go_back,
    keep_in_use,
    prepare_request,
    remove,
    remove_authority,
    remove_request,
    rename,
    request_certificate,
    use_certificate,
)
from seon.backend.trust.token_actions import change_token, new_token, rotate_token, withdraw_token

ROOT, ONE, TWO, OLD = make("root", ca=True), make("one"), make("two"), make("old", days=-1)
FUTURE = timezone.now() + dt.timedelta(days=2)


def addition(made=ONE, key=None, **options) -> Addition:  # type: ignore[no-untyped-def]
    return Addition(files=[made.pem.encode(), (key or made).key_pem], **options)


def prepared() -> Prepared:
    return prepare_request(RequestWanted(common_name="us", kind=KeyKind.P_256))


def request() -> None:
    request_certificate(owner(), prepared())


def one() -> None:
    add_certificate(owner(), addition(use=True))


def both() -> None:
    one()
    add_certificate(owner(), addition(TWO))


def expired_before() -> None:
    for made in (OLD, TWO):
        add_certificate(owner(), addition(made, use=True, force=True))


def plan() -> None:
    one()
    add_certificate(owner(), addition(TWO, use=True, use_from=FUTURE))


def authority() -> None:
    add_authorities(owner(), [ROOT.pem.encode()])


ID = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511apx"  # RFC 8032 §7.1, test 1


def license_() -> None:
    issue_license(owner(), ID, 30)


def token() -> None:
    license_()
    new_token(owner(), "main")


SAMPLES = {
    "certificate.request": Sample(
        good=lambda by: request_certificate(by, Prepared("them", prepared().key, "request")),
        bad=lambda by: request_certificate(by, prepared()),
        ready=lambda: keep_key("us", "EC", ONE.key, "request"),
        told="own key them",
    ),
    "certificate.request-remove": Sample(
        good=lambda by: remove_request(by, "us"),
        bad=lambda by: remove_request(by, "nobody"),
        ready=request,
        told="removed",
    ),
    "certificate.add": Sample(
        good=lambda by: add_certificate(by, addition(TWO)),
        bad=lambda by: add_certificate(by, addition(TWO, ONE)),
        told="own certificate CN=two",
    ),
    "certificate.use": Sample(
        good=lambda by: use_certificate(by, "CN=two"),
        bad=lambda by: use_certificate(by, "CN=one"),
        ready=both,
        told="in_use: no to yes",
    ),
    "certificate.unplan": Sample(
        good=lambda by: keep_in_use(by, "CN=two"),
        bad=lambda by: keep_in_use(by, "CN=one"),
        ready=plan,
        told="to empty",
    ),
    "certificate.back": Sample(
        good=lambda by: go_back(by, force=True),
        bad=go_back,
        ready=expired_before,
        told="in_use: no to yes",
    ),
    "certificate.rename": Sample(
        good=lambda by: rename(by, "CN=one", "ours"),
        bad=lambda by: rename(by, "CN=one", ""),
        ready=one,
        told="name: 'CN=one' to 'ours'",
    ),
    "certificate.remove": Sample(
        good=lambda by: remove(by, "CN=two"),
        bad=lambda by: remove(by, "CN=one"),
        ready=both,
        told="removed",
    ),
    "certificate.ca-add": Sample(
        good=lambda by: add_authorities(by, [ROOT.pem.encode()]),
        bad=lambda by: add_authorities(by, [ROOT.pem.encode(), ONE.pem.encode()]),
        told="CN=root",
    ),
    "certificate.ca-remove": Sample(
        good=lambda by: remove_authority(by, ROOT.fingerprint),
        bad=lambda by: remove_authority(by, "00"),
        ready=authority,
        told="removed",
    ),
    "license.issue": Sample(
        good=lambda by: issue_license(by, ID, 30), bad=lambda by: issue_license(by, "00", 30), told="added"
    ),
    "license.withdraw": Sample(
        good=lambda by: withdraw_license(by, License.objects.get().serial),
        bad=lambda by: withdraw_license(by, "0A"),
        ready=license_,
        told="withdrawn_at: empty to",
    ),
    "token.new": Sample(
        good=lambda by: new_token(by, "main", [ID]),
        bad=lambda by: new_token(by, "main", ["ab" * 32 + "px"]),
        ready=license_,
        told="added",
    ),
    "token.change": Sample(
        good=lambda by: change_token(by, "main", proxy_ids=[ID]),
        bad=lambda by: change_token(by, "main", proxy_ids=[ID], client="nobody"),
        ready=token,
        told="servers",
    ),
    "token.rotate": Sample(
        good=lambda by: rotate_token(by, "main"),
        bad=lambda by: rotate_token(by, "main", dt.timedelta(days=91)),
        ready=token,
        told="former_until",
    ),
    "token.withdraw": Sample(
        good=lambda by: withdraw_token(by, "main"),
        bad=lambda by: withdraw_token(by, "other"),
        ready=token,
        told="withdrawn_at: empty to",
    ),
}
