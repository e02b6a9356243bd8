"""`make bench BENCH=trust`: what trust costs with as many partners and anchors as a configuration can have.

Prints how long it takes to put a configuration in force and how long the loop pauses for it, and what a verdict on one
certificate costs, in CPU time of this one thread.
"""

import argparse
import asyncio
import gc
import hashlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from measure import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from certificates import Made, make
from seon.admission.evidence import again, collect
from seon.admission.revocation import KnownList, RevocationLists
from seon.admission.verdict import Rules, judge
from seon.config import FORMAT, Anchor, CertificateName, Limits, ServerConfiguration, ServerPartner
from seon.link.messages import Delivery
from seon.link.sealing import EphemeralKey
from seon.pki import new_ed25519_key, new_rsa_key
from seon.pki.serials import ROW, key_of_number
from seon.server.in_force import InForce, put_in_force

TICK = 0.001


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench BENCH=trust", description=__doc__)
    parser.add_argument("--partners", type=int, default=10_000)
    parser.add_argument("--anchors", type=int, default=50)
    parser.add_argument("--serials", type=int, default=1_000_000, help="entries of the list of revoked certificates")
    options = parser.parse_args()
    print(machine())
    anchors = [make(f"CA {number}", new_rsa_key(2_048), ca=True) for number in range(options.anchors)]
    between = make("between", new_rsa_key(2_048), issuer=anchors[7], ca=True)
    pinned, far = make("pinned", new_rsa_key(2_048)), make("far", new_rsa_key(2_048), issuer=between)
    delivery = _delivery(options.partners, anchors, pinned, far)
    print(f"configuration: {len(bytes(delivery.configuration)) / 1e6:.1f} MB")
    in_force = asyncio.run(_put(delivery))
    _verdicts(in_force, _lists(anchors[7], between, options.serials), pinned, far, between)


def _delivery(partners: int, anchors: list[Made], pinned: Made, far: Made) -> Delivery:
    """Return a configuration: half of its partners have pins, half come in below anchors."""
    known = [_partner(number) for number in range(partners - 2)]
    known.append(ServerPartner("pinned", "Pinned", pins=(pinned.fingerprint,)))
    names = (CertificateName(far.shown.issuer_text or "", far.shown.subject_text or ""),)
    known.append(ServerPartner("far", "By name", names=names))
    said = tuple(Anchor(one.pem, asserts_odette_ids=True) for one in anchors)
    configuration = ServerConfiguration(partners=tuple(known), anchors=said, limits=Limits(sessions=1_000))
    return Delivery(1, FORMAT, msgspec.Raw(msgspec.json.encode(configuration)))


def _partner(number: int) -> ServerPartner:
    pins = tuple(hashlib.sha256(f"{number} {which}".encode()).hexdigest() for which in range(2))
    return ServerPartner(
        f"partner-{number}",
        f"Partner number {number}, Example Works",
        ssid_codes=(f"O0013{number:012}", f"O0014{number:012}"),
        host=f"oftp{number}.example.com",
        networks=("192.0.2.0/24",),
        pins=pins if number % 2 else (),
        odette_ids=() if number % 2 else (f"O0013{number:012}",),
        names=() if number % 2 else (CertificateName("CN=CA 1", f"CN=partner {number},O=Example Works,C=DE"),),
    )


async def _put(delivery: Delivery) -> InForce:
    """Put it in force some times, and print how long that takes and how long the loop pauses for it."""
    ephemeral = EphemeralKey(new_ed25519_key())
    in_force = await put_in_force(delivery, ephemeral)
    gc.freeze()  # as a main has done when it takes a configuration
    times, pauses = [], []
    for _ in range(5):
        pause = asyncio.create_task(_longest_pause())
        await asyncio.sleep(0.05)
        began = time.thread_time()
        in_force = await put_in_force(delivery, ephemeral)
        times.append(time.thread_time() - began)
        await asyncio.sleep(0.05)
        pause.cancel()
        pauses.append(max((await asyncio.gather(pause, return_exceptions=True))[0].args[0], 0.0))
    longest = ", ".join(map(_ms, pauses))
    print(f"in force after {_ms(statistics.median(times))} of CPU time (median), longest pauses {longest}")
    return in_force


async def _longest_pause() -> None:
    """Come round each millisecond until cancelled, and raise the longest pause that this thread has made.

    In CPU time: what else runs on the machine makes pauses too, and they are not ours.
    """
    longest, last = 0.0, time.thread_time()
    try:
        while True:
            await asyncio.sleep(TICK)
            now = time.thread_time()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        raise RuntimeError(longest) from None


def _lists(anchor: Made, between: Made, serials: int) -> RevocationLists:
    """Return a long list of the anchor's, and one of the certificate's own CA."""
    date = bytes(ROW - len(key_of_number(0)))
    table = b"".join(key_of_number(number * 2**40) + date for number in range(serials))
    known = [
        KnownList(one.shown.subject_der, one.shown.key.digest, "", "ab" * 32, time.time(), time.time() + 86_400, rows)
        for one, rows in ((anchor, table), (between, table))
    ]
    return RevocationLists.of(known)


def _verdicts(in_force: InForce, lists: RevocationLists, pinned: Made, far: Made, between: Made) -> None:
    trust, now = in_force.trust, time.time()
    rules = Rules(trust)
    leaf, sent, pin = far.shown, [between.shown], pinned.shown
    evidence = collect(leaf, sent, "192.0.2.1:5", trust, lists, now)
    cases: dict[str, Callable[[], Any]] = {
        "a pinned certificate": lambda: judge(collect(pin, (), "192.0.2.1:5", trust, lists, now), rules, now),
        "a chain over one more CA": lambda: judge(collect(leaf, sent, "192.0.2.1:5", trust, lists, now), rules, now),
        "the same for a session that runs": lambda: judge(again(evidence, trust, lists, now), rules, now),
    }
    for name, case in cases.items():
        times = []
        for _ in range(500):
            began = time.thread_time()
            case()
            times.append(time.thread_time() - began)
        times.sort()
        verdict = type(case()).__name__
        print(f"{name}: {_ms(statistics.median(times))} (median), {_ms(times[495])} (99th of 100): {verdict}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.2f} ms"


if __name__ == "__main__":
    main()
