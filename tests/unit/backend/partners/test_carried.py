"""How partners are carried; that all of it arrives: tests/unit/backend/test_snapshot.py."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from seon.backend.acting.actors import owner
from seon.backend.partners.actions import add_partner, import_partners
from seon.backend.partners.carried import Partners
from seon.backend.partners.keys import set_partner_setting
from seon.backend.partners.records import Numbered, Record
from seon.config import PartnerRules


def test_each_has_its_own_and_who_has_none_has_none() -> None:
    for name in ("P1", "P2", "P3"):
        add_partner(owner(), name, name, [f"O{name}B", f"O{name}A"], [])
    set_partner_setting("P1", "rules.FLD-XPAD", "warn")
    set_partner_setting("P2", "level_5_only", "yes")
    partners = Partners()
    of_server = {one.id: one for one in partners.of_server()}
    assert of_server["P1"].rules == PartnerRules(rules={"FLD-XPAD": "warn"})
    assert of_server["P2"].rules == PartnerRules(level_5_only=True)
    assert of_server["P3"].rules == PartnerRules()
    assert of_server["P3"].ssid_codes == ("OP3A", "OP3B")
    assert [one.rules for one in partners.of_client()] == [one.rules for one in of_server.values()]


def test_many_partners_take_as_many_questions_as_one() -> None:
    asked = []
    for first in (1, 100):
        import_partners(owner(), [Numbered(n, Record(id=f"P{n}", codes=(f"O{n}",))) for n in range(first, first + 50)])
        with CaptureQueriesContext(connection) as queries:
            assert len(list(Partners().of_server())) == (50 if first == 1 else 100)
        asked.append(len(queries))
    assert asked[0] == asked[1] == 6
