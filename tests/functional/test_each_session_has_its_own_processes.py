"""Each session has one process on either host; after it nothing of it is left."""

import itertools

from functional.harness import Site
from functional.peers import HeldTransfer
from functional.processes import descriptors, eventually
from seon.cli.quickstart.installation import PARTNER

SIDES = ("server", "client")


def counts(site: Site) -> list[int]:
    return [len(site.sessions(side)) for side in SIDES]


def zombies(site: Site) -> list[int]:
    """Processes that ended and that their main has not waited for (yet: between the two is a moment)."""
    return [seen.pid for seen in site.processes() if seen.state == "Z"]


def open_in_mains(site: Site) -> dict[str, list[str]]:
    """What both mains have open, kinds only: the numbers in brackets change with every connection."""
    return {
        side: sorted(target.partition("[")[0] for target in descriptors(site.running[side].pid).values())
        for side in SIDES
    }


def test_a_transfer_has_one_server_and_one_client_process_known_by_title(running: Site) -> None:
    with HeldTransfer(running) as held:
        assert counts(running) == [1, 1]
        for side in SIDES:
            seen = running.the_session(side)
            assert seen.parent == running.running[side].pid
            assert f"incoming, partner {PARTNER}, 127.0.0.1:" in seen.title
        server_word, client_word = (running.the_session(side).title.split()[2] for side in SIDES)
        assert server_word == client_word, "both titles show the same session id"
        held.finish()
    eventually(lambda: counts(running) == [0, 0])
    assert len(held.receipts) == 1


def test_twenty_transfers_have_twenty_each_and_leave_nothing(running: Site) -> None:
    eventually(lambda: counts(running) == [0, 0])
    before = open_in_mains(running)
    held = []
    try:
        for number in itertools.count(1):
            held.append(HeldTransfer(running, 400_000))
            if number == 20:
                break
        assert counts(running) == [20, 20]
        assert len({seen.pid for side in SIDES for seen in running.sessions(side)}) == 40
        for transfer in held:
            transfer.finish()
    finally:
        for transfer in held:
            transfer.close()
    assert [len(transfer.receipts) for transfer in held] == [1] * 20
    eventually(lambda: counts(running) == [0, 0])
    eventually(lambda: zombies(running) == [], why="every ended process waited for by its main")
    eventually(lambda: open_in_mains(running) == before, why=f"descriptors as before: {before}")


def test_a_partner_that_breaks_off_leaves_nothing(running: Site) -> None:
    eventually(lambda: counts(running) == [0, 0])
    before = open_in_mains(running)
    with HeldTransfer(running):
        assert counts(running) == [1, 1]
    eventually(lambda: counts(running) == [0, 0])
    eventually(lambda: zombies(running) == [], why="every ended process waited for by its main")
    eventually(lambda: open_in_mains(running) == before, why=f"descriptors as before: {before}")
