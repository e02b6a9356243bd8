from acting.samples import Sample

import certificates
from seon.backend.acting.actors import owner
from seon.backend.anchors import actions
from seon.backend.partners.actions import add_partner, set_of_partner

CA = certificates.make("Some CA", ca=True)
LEAF = certificates.make("Some partner", issuer=CA)


def anchored() -> None:
    actions.add_anchor(owner(), CA.pem.encode(), asserts_odette_ids=True)
    add_partner(owner(), "acme", "Acme", [], [])
    set_of_partner(owner(), "acme", "odette_ids", "O0013ACME")


SAMPLES = {
    "anchor.add": Sample(
        good=lambda by: actions.add_anchor(by, CA.pem.encode()),
        bad=lambda by: actions.add_anchor(by, LEAF.pem.encode()),
        told="trust anchor Some CA: added",
    ),
    "anchor.change": Sample(
        good=lambda by: actions.change_anchor(by, "Some CA", asserts_odette_ids=False),
        bad=lambda by: actions.change_anchor(by, "Some CA", name="a,b"),
        ready=anchored,
        told="asserts_odette_ids: yes to no",
    ),
    "anchor.remove": Sample(
        good=lambda by: actions.remove_anchor(by, CA.fingerprint[:8], force=True),
        bad=lambda by: actions.remove_anchor(by, CA.fingerprint[:8]),
        ready=anchored,
        told="trust anchor Some CA: removed",
    ),
}
