"""The server's session processes: a partner that has come in, and one that is dialled for the inside."""

import time

from seon.admission.identity import identity_of
from seon.admission.partners import Refused, check_dialled
from seon.link import messages as m
from seon.link.codec import encode
from seon.net.context import peer_certificate
from seon.net.dial import DialError, Stage, dial, first_word, secure
from seon.net.ends import far_end, own_end
from seon.net.handshakes import in_words
from seon.net.legs import TlsLeg
from seon.net.stream import BlockingTls
from seon.session.assignment import Assignment, Connections
from seon.session.failing import failed
from seon.session.keys import forget_keys
from seon.session.main_line import MainLine
from seon.session.run import run
from seon.session.steps import Steps


def join(main: MainLine, assignment: Assignment, connections: Connections) -> None:
    """Join a partner that has come in with the session link that waits for it."""
    steps = Steps.of(main, assignment)
    forget_keys()
    steps.done("session process started, all keys forgotten")
    assert connections.partner
    assert connections.link
    partner, inside = TlsLeg(*connections.partner), TlsLeg(*connections.link)
    tls = _welcome(assignment, partner, inside)
    steps.done("session link joined with the partner")
    run(main, assignment, partner, inside, tls, steps=steps)


def dial_partner(main: MainLine, assignment: Assignment, connections: Connections) -> None:
    """Reach a partner for the inside, make sure that it is that partner, then join."""
    assert connections.link
    inside, steps = TlsLeg(*connections.link), Steps.of(main, assignment)
    steps.done("session process started, to dial the partner")
    try:
        reached, fingerprint = _reach(main, assignment, connections, steps)
    except DialError as error:
        reason = failed(main, assignment, error)
        inside.write_octets(encode(m.NotJoined(reason[:500])))
        inside.finish()
        return
    forget_keys()
    steps.done("all keys forgotten")
    partner = TlsLeg(reached.sock, reached.channel)
    tls = _welcome(assignment, partner, inside)
    steps.done("partner joined with the session link")
    run(main, assignment, inside, partner, tls, fingerprint, steps)


def _reach(main: MainLine, assignment: Assignment, connections: Connections, steps: Steps) -> tuple[BlockingTls, str]:
    """Return the connection to the partner, which has spoken, and its certificate's fingerprint. Raises DialError."""
    partner = assignment.dialled
    assert partner
    assert connections.dialling
    deadline = time.monotonic() + assignment.limits.dial_seconds
    sock = dial(partner.host, partner.port, source=assignment.outgoing_address, deadline=deadline, tell=steps.done)
    told = steps.handshake(assignment.target)
    tls = secure(sock, connections.dialling, assignment.target, deadline=deadline, tell=told)
    steps.done(f"TLS with {assignment.target}: {in_words(connections.dialling)}")
    certificate = peer_certificate(connections.dialling)
    assert certificate is not None
    identity = identity_of(certificate)
    verdict = check_dialled(identity, partner, time.time())
    if isinstance(verdict, Refused):
        main.report(
            "ADM-DIAL",
            partner=partner.id,
            host=assignment.target,
            source=own_end(sock),
            target=far_end(sock),
            reason=verdict.reason,
            subject=identity.subject,
            fingerprint=identity.fingerprint,
        )
        tls.end()
        raise DialError(assignment.target, Stage.CERTIFICATE, verdict.reason)
    steps.done(f"the certificate is one of partner {partner.id}: SHA-256 {identity.fingerprint}, {identity.subject}")
    first_word(tls, assignment.target, deadline=deadline)
    steps.done("the partner has spoken first")
    return tls, identity.fingerprint


def _welcome(assignment: Assignment, partner: TlsLeg, inside: TlsLeg) -> str:
    """Tell the client that the OFTP2 stream begins, and return the partner's TLS in words."""
    connection = partner.channel.connection
    tls = f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    inside.write_octets(encode(m.Joined(assignment.target[:500], tls)))
    return tls
