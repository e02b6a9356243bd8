"""The server's session processes: a partner that has come in, and one that is dialled for the inside."""

import time

from OpenSSL import SSL

from seon.admission.codes import Admitted, Refused, Verdict
from seon.admission.evidence import collect
from seon.admission.identity import as_fields
from seon.admission.verdict import Rules, judge
from seon.config import ServerPartner
from seon.link import messages as m
from seon.link.codec import encode
from seon.net.channel import TlsError
from seon.net.context import peer_certificate, refused_certificate, sent_chain
from seon.net.dial import DialError, Stage, dial, first_word, secure
from seon.net.ends import far_end, own_end
from seon.net.handshakes import in_words
from seon.net.legs import TlsLeg
from seon.net.stream import BlockingTls
from seon.pki import PeerCertificate
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
    ends = {"partner": partner.id, "source": own_end(sock), "target": far_end(sock)}
    told = steps.handshake(assignment.target)
    try:
        tls = secure(sock, connections.dialling, assignment.target, deadline=deadline, tell=told)
    except DialError as error:
        if certificate := refused_certificate(connections.dialling):  # its key is too large to compute with
            verdict = _judge(main, assignment, partner, certificate)
            if isinstance(verdict, Refused):
                raise _refused(main, assignment, ends, certificate, verdict) from error
        raise
    steps.done(f"TLS with {assignment.target}: {in_words(connections.dialling)}")
    certificate = peer_certificate(connections.dialling)
    assert certificate  # `secure` has made sure
    verdict = _judge(main, assignment, partner, certificate, connections.dialling)
    if isinstance(verdict, Refused):
        failure = _refused(main, assignment, ends, certificate, verdict)
        tls.end()
        raise failure
    if verdict.doubts:
        reason = "; ".join(doubt.reason for doubt in verdict.doubts)
        main.report("ADM-WARNING", **ends, reason=reason, **as_fields(certificate))
    steps.done(f"{verdict.because}: SHA-256 {certificate.fingerprint}, {certificate.subject}")
    first_word(tls, assignment.target, deadline=deadline)
    steps.done("the partner has spoken first")
    return tls, certificate.fingerprint


def _judge(
    main: MainLine,
    assignment: Assignment,
    partner: ServerPartner,
    certificate: PeerCertificate,
    connection: SSL.Connection | None = None,
) -> Admitted | Refused:
    """Return whether it is the partner that was dialled. `connection`: what has come beside the certificate is there.

    The main is told first what was shown: also of who is refused its chain says where revocation lists are.
    """
    trust, now = assignment.trust, time.time()
    assert trust
    pinned = certificate.fingerprint in trust.by_pin
    try:
        sent = () if pinned or connection is None else sent_chain(connection)
    except TlsError as error:
        main.shown([certificate.der])
        return Refused(Verdict.TOO_LARGE, str(error))
    main.shown([one.der for one in (certificate, *sent)])
    evidence = collect(certificate, sent, "", trust, assignment.lists, now)
    return judge(evidence, Rules(trust, partner), now)


def _refused(
    main: MainLine, assignment: Assignment, ends: dict[str, str], certificate: PeerCertificate, verdict: Refused
) -> DialError:
    """Tell whom we have not found, and return the error of it."""
    refused = {"host": assignment.target, "verdict": verdict.verdict.value, "reason": verdict.reason}
    main.report("ADM-DIAL", **ends, **refused, **as_fields(certificate))
    return DialError(assignment.target, Stage.CERTIFICATE, verdict.reason)


def _welcome(assignment: Assignment, partner: TlsLeg, inside: TlsLeg) -> str:
    """Tell the client that the OFTP2 stream begins, and return the partner's TLS in words."""
    connection = partner.channel.connection
    tls = f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    inside.write_octets(encode(m.Joined(assignment.target[:500], tls)))
    return tls
