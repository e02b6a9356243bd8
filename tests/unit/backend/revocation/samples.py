from acting.samples import Sample

import certificates
from crl_web import make_list
from seon.backend.acting.actors import owner
from seon.backend.revocation.actions import add_list, fetch_soon, remove_place, set_fetching
from seon.backend.revocation.models import CrlUrl

CA = certificates.make("CA of lists", ca=True)
LIST = make_list(CA, [1, 2])


def added() -> None:
    add_list(owner(), LIST, CA.pem.encode())


def placed() -> None:
    added()
    CrlUrl.objects.update(url="http://lists.example/ca.crl")


SAMPLES = {
    "crl.add": Sample(
        good=lambda by: add_list(by, LIST, CA.pem.encode()),
        bad=lambda by: add_list(by, LIST),
        told="2 entries",
    ),
    "crl.remove": Sample(
        good=lambda by: remove_place(by, str(CrlUrl.objects.get().pk)),
        bad=lambda by: remove_place(by, "1000000"),
        ready=added,
        told="removed",
    ),
    "crl.fetch": Sample(
        good=fetch_soon,
        bad=lambda by: fetch_soon(by, "1000000"),
        ready=placed,
        told="to be fetched now",
    ),
    "crl.set": Sample(
        good=lambda by: set_fetching(by, http_proxy="http://proxy.example:3128", refresh_hours=12),
        bad=lambda by: set_fetching(by, refresh_hours=12, http_proxy="https://user:secret@proxy"),
        told="refresh_hours: 12",
    ),
}
