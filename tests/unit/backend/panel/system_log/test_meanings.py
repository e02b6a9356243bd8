"""Every part of an entry has its meaning in words."""

from seon.backend.acting.audit import VALUES
from seon.backend.journal.models import HOPS
from seon.backend.panel.system_log.meanings import FIELDS, GROUPS, HOST_MEANINGS, HOSTS, SEVERITIES, SEVERITY_MEANINGS
from seon.events import CATALOGUE, Severity


def test_every_field_group_host_and_severity_is_explained() -> None:
    fields = {name for kind in CATALOGUE.values() for name in kind.fields} | {VALUES}
    assert fields - set(FIELDS) == set()
    assert {kind.group for kind in CATALOGUE.values()} <= set(GROUPS)
    assert set(HOSTS) == set(HOST_MEANINGS) == {hop for hop, _ in HOPS}
    assert set(SEVERITIES) == set(SEVERITY_MEANINGS) == set(Severity)


def test_no_severity_is_told_by_its_colour_alone() -> None:
    words = [str(word) for word, _ in SEVERITIES.values()]
    assert len(set(words)) == len(words)
