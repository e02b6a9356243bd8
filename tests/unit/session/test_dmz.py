"""The server's session processes: a partner that has come in, and one that is dialled.

In Pythons of their own, since a session process forgets all keys.
"""

import re
import socket
import threading

import pytest
from cryptography import x509

from certificates import Made, make, make_link_pki
from seon.admission.trust import compiled
from seon.config import AdmissionRules, Anchor, Limits, ServerConfiguration, ServerPartner
from seon.endings import SessionEnd
from seon.link import messages as m
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.stream import BlockingTls
from seon.process import line
from seon.process.levels import Level
from seon.session.assignment import Connections
from unit.admission.showing import hosts
from unit.session.scenes import assignment
from unit.session.ways import answer, initiator, live, over_tls, responder, session_link, soon, tls_pair

ANY = AdmissionRules()


def anybody(_: object) -> bool:
    return True


def test_a_partner_that_has_come_in_is_joined_with_the_link_that_waits_for_it(alone) -> None:
    alone(joined)


def joined() -> None:
    ours, theirs = make("proxy"), make("partner")
    listener = partner_listener(ours.pem, ours.key_pem, anybody)
    dialler = partner_dialler(theirs.pem, theirs.key_pem, anybody)
    end, partner = tls_pair(accepting(listener.context), connecting(dialler.context))
    link, inside = session_link(make_link_pki())

    def client() -> m.SessionAnswer:
        first = answer(inside)
        over_tls(responder, inside)
        return first

    given = assignment(hop="dmz", source="192.0.2.1:5", target="client of the inside")
    main, (first, _) = live(
        given, Connections((end.sock, end.channel), link), client, lambda: over_tls(initiator, partner)
    )
    assert isinstance(first, m.Joined), "before the stream begins"
    assert first.peer == given.target
    assert first.tls.startswith("TLSv1.3 ")
    assert main.codes[0] == "SES-START"
    assert main.fields("SES-START")["tls"] == first.tls
    assert main.ends == [SessionEnd("partner", "esid", "dmz")]


class Station:
    """A partner's station that is dialled: it shows this certificate."""

    def __init__(self, shown: Made) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._shown = shown

    def answer(self) -> None:
        with self.listener:
            sock = self.listener.accept()[0]
        tls = BlockingTls(sock, accepting(partner_listener(self._shown.pem, self._shown.key_pem, anybody).context))
        tls.handshake(soon())
        try:
            over_tls(responder, tls)
        except Exception:  # whoever is not the one that was meant hears nothing
            sock.close()
            return


def dial(
    shown: Made,
    pinned: Made,
    verbosity: Level = Level.INFO,
    anchors: tuple[Anchor, ...] = (),
    admission: AdmissionRules = ANY,
    **partner: object,
):
    """Dial a station; return what the main heard and what the inside was answered."""
    ours = make("proxy")
    station = Station(shown)
    dialler = partner_dialler(ours.pem, ours.key_pem, anybody)
    link, inside = session_link(make_link_pki())
    known = {"id": "P1", "name": "One", "host": "127.0.0.1", "port": station.port, "pins": (pinned.fingerprint,)}

    def client() -> m.SessionAnswer:
        first = answer(inside)
        if isinstance(first, m.Joined):
            over_tls(initiator, inside)
        inside.sock.close()
        return first

    dialled = ServerPartner(**{**known, **partner})
    given = assignment(
        hop="dmz",
        direction="outgoing",
        target=f"127.0.0.1:{station.port}",
        dialled=dialled,
        trust=compiled(ServerConfiguration(partners=(dialled,), anchors=anchors, admission=admission)),
        limits=Limits(dial_seconds=5),
    )
    threading.Thread(target=station.answer, daemon=True).start()
    connections = Connections(link=link, dialling=connecting(dialler.context))
    main, (first,) = live(given, connections, client, verbosity=verbosity)
    return main, first, given


def test_a_partner_that_shows_its_own_certificate_is_joined(alone) -> None:
    alone(reached)


def reached() -> None:
    theirs = make("partner")
    main, first, given = dial(theirs, theirs)
    assert isinstance(first, m.Joined)
    assert [part for part in main.heard if isinstance(part, line.Shown)] == [line.Shown(0, theirs.shown.der)]
    assert first.peer == given.target
    assert main.codes[0] == "SES-START"
    assert "SES-END" in main.codes


def test_whoever_shows_another_certificate_is_refused_and_named_by_it(alone) -> None:
    alone(somebody_else)


def somebody_else() -> None:
    other = make("somebody else")
    main, first, given = dial(other, make("partner"))
    assert isinstance(first, m.NotJoined)
    assert first.reason.startswith(given.target)
    assert first.reason.endswith("the certificate is not that partner's")
    assert main.codes == ["ADM-DIAL", "SES-FAILED"]
    refused = main.fields("ADM-DIAL")
    assert refused["fingerprint"] == other.fingerprint
    assert refused["verdict"] == "IDENTITY"
    assert (refused["issuer"], refused["serial"]) == (other.shown.issuer, other.shown.serial)
    assert "somebody else" in refused["subject"]
    assert refused["host"] == refused["target"] == given.target
    assert re.fullmatch(r"127\.0\.0\.1:\d+", refused["source"]), "our own end"
    assert "not that partner's" in main.fields("SES-FAILED")["reason"]


def test_the_main_hears_what_was_shown_before_who_has_shown_it_is_refused(alone) -> None:
    alone(shown_first)


def shown_first() -> None:
    other = make("somebody else")
    main, _, _ = dial(other, make("partner"))
    kinds = [type(one).__name__ for one in main.heard if not isinstance(one, line.LogLine)]
    assert kinds[:2] == ["Shown", "Reported"]
    assert main.heard[0] == line.Shown(0, other.shown.der)


def test_whoever_shows_a_key_that_is_too_large_is_refused_in_the_handshake_and_named_by_it(alone) -> None:
    alone(too_large)


def too_large() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from seon.admission import verdict
    from seon.net import context

    context.MAX_RSA_BITS = verdict.MAX_RSA_BITS = 2_047
    theirs = make("partner", rsa.generate_private_key(65_537, 2_048))
    main, first, given = dial(theirs, theirs)
    assert main.codes == ["ADM-DIAL", "SES-FAILED"]
    refused = main.fields("ADM-DIAL")
    assert (refused["verdict"], refused["fingerprint"]) == ("TOO-LARGE", theirs.fingerprint)
    assert refused["target"] == given.target
    assert first.reason == f"{given.target}: certificate: its RSA key has 2048 bits; 2047 are the most"


def test_a_partner_whose_certificate_has_expired_is_refused(alone) -> None:
    alone(expired)


def expired() -> None:
    theirs = make("partner", days=-1)
    main, first, _ = dial(theirs, theirs)
    assert "has expired" in first.reason
    assert main.codes == ["ADM-DIAL", "SES-FAILED"]


@pytest.mark.parametrize("host", ["127.0.0.1", "name.invalid"])
def test_a_partner_that_is_not_there_is_said_to_both_sides(alone, host) -> None:
    alone(nobody, host)


def nobody(host: str) -> None:
    theirs = make("partner")
    main, first, _ = dial(theirs, theirs, host=host, port=1)
    assert isinstance(first, m.NotJoined)
    assert host in first.reason
    assert main.codes == ["SES-FAILED"]
    assert main.fields("SES-FAILED") == {"partner": "P1", "direction": "outgoing", "reason": first.reason}


def test_at_debug_each_step_to_the_partner_is_said_in_order(alone) -> None:
    alone(step_by_step)


def step_by_step() -> None:
    theirs = make("partner")
    main, _, given = dial(theirs, theirs, Level.TRACE)
    steps = main.lines("session")
    beginnings = [
        "session process started, to dial the partner",
        "127.0.0.1 resolved: 127.0.0.1",
        f"connected to {given.target} from 127.0.0.1:",
        f"TLS with {given.target}: TLSv1.3 TLS_",
        f"the certificate is one of partner P1: SHA-256 {theirs.fingerprint}, CN=partner",
        "the partner has spoken first",
        "all keys forgotten",
        "partner joined with the session link",
        "running: octets pass from here on",
        "ended, ",
    ]
    assert [step[: len(beginning)] for step, beginning in zip(steps, beginnings, strict=True)] == beginnings
    assert f"{given.target}: write client hello" in main.lines("session.tls")
    assert main.lines("session.oftp2")[0] == "partner -> station: SSRM ready"


def test_at_info_no_step_is_said(alone) -> None:
    alone(silent)


def silent() -> None:
    theirs = make("partner")
    main, _, _ = dial(theirs, theirs)
    assert [main.lines(subject) for subject in ("session", "session.tls", "session.oftp2")] == [[], [], []]


def test_a_partner_that_is_known_below_an_anchor_is_joined_and_its_chain_told_to_the_main(alone) -> None:
    alone(below_an_anchor)


def below_an_anchor() -> None:
    ca = make("CA", ca=True)
    theirs = make("partner", issuer=ca, extensions=[hosts("localhost")])
    trusted = (Anchor(ca.pem),)
    main, first, _ = dial(theirs, theirs, pins=(), host="localhost", anchors=trusted)
    assert isinstance(first, m.Joined)
    assert [part.number for part in main.heard if isinstance(part, line.Shown)] == [0]
    main, first, _ = dial(theirs, theirs, pins=(), anchors=trusted)
    assert "does not have the name of its host 127.0.0.1" in first.reason
    assert main.fields("ADM-DIAL")["verdict"] == "IDENTITY"


def test_what_is_not_refused_in_a_dialled_partners_certificate_is_told_once(alone) -> None:
    alone(doubtful)


def doubtful() -> None:
    theirs = make("partner", extensions=[(x509.ExtendedKeyUsage([x509.OID_CLIENT_AUTH]), False)])
    main, first, _ = dial(theirs, theirs)
    assert isinstance(first, m.Joined)
    assert main.codes[:2] == ["ADM-WARNING", "SES-START"]
    warned = main.fields("ADM-WARNING")
    assert warned["reason"] == "its extended key usage is clientAuth, without serverAuth (admission_usage)"
    assert warned["fingerprint"] == theirs.fingerprint
    main, first, _ = dial(theirs, theirs, admission=AdmissionRules(usage="refuse"))
    assert isinstance(first, m.NotJoined)
    assert main.fields("ADM-DIAL")["verdict"] == "USAGE"
