"""A session process that ignores its main, all signals and both peers is gone five seconds after its partner was
disabled; log, journal and the other host say how it ended."""

import signal
from collections.abc import Iterator

import pytest

from adversary.hostile import HostileSite, moment, session_in
from functional.peers import Partner
from functional.processes import eventually, kill

GONE_SECONDS = 5.0
SETTLING_SECONDS = 0.5
"""For reaping and writing, on a machine that has other things to do."""
ENABLE = """
from seon.backend.partners.models import Partner
partner = Partner.objects.get(identifier="leaver")
partner.enabled = {}
partner.save()
"""
SIDES = {"server": "client", "client": "server"}
"""Each host with the other one."""


@pytest.mark.parametrize("side", SIDES)
def test_a_deaf_session_process_of_a_disabled_partner_is_gone_in_five_seconds_and_both_hosts_say_so(
    hostile: HostileSite, side: str
) -> None:
    other = SIDES[side]
    hostile.bodies(side, leaver="deaf")
    started = {host: len(hostile.lines(host, "SES-START .*leaver")) for host in SIDES}
    with Partner(hostile, certificate="leaver", code="O0013LEAVER"):
        session = session_in(hostile.line(side, "SES-START .*leaver", but=started[side]))
        hostile.line(other, "SES-START .*leaver", but=started[other])
        (deaf,) = hostile.sessions_of(side, "leaver")
        kill(deaf, signal.SIGTERM)
        hostile.django(ENABLE.format(False))
        killed = hostile.line(side, rf"SES-KILLED \[{session}\]", 30)
        eventually(lambda: not hostile.sessions_of(side, "leaver"))
        eventually(lambda: not hostile.sessions_of(other, "leaver"))
    in_force = [line for line in hostile.lines(side, "CFG-NEW ") if moment(line) <= moment(killed)][-1]
    assert 0 < moment(killed) - moment(in_force) < GONE_SECONDS + SETTLING_SECONDS
    assert "ended by its main: it did not obey within 4 s" in killed
    ended = {host: hostile.line(host, rf"SES-END \[{session}\]") for host in SIDES}
    assert all("leaver ended by administrator: " in line for line in ended.values()), ended
    hostile.in_journal("SES-KILLED", f"process {deaf} of partner leaver .*did not obey")
    eventually(lambda: len(ends_in_journal(hostile, session)) == len(SIDES))
    assert all("ended by administrator" in text for text in ends_in_journal(hostile, session))


@pytest.fixture(autouse=True)
def enabled_again(hostile: HostileSite) -> Iterator[None]:
    yield
    for side in SIDES:
        hostile.bodies(side)
    hostile.django(ENABLE.format(True))
    hostile.in_force()


def ends_in_journal(site: HostileSite, session: str) -> list[str]:
    return [
        text for (text,) in site._rows("SELECT text FROM journal_entry WHERE code = 'SES-END' AND session = ?", session)
    ]
