"""Does it work? One line in words, and what is wrong with what to do, the most important first.

`judge` is pure: facts in, verdict out. To judge one more thing, write a function that yields its problems, and put it
into `RULES` where its importance is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seon.addresses import shown as address
from seon.backend.checking.files import LEAST_FREE, NO_FREE
from seon.backend.panel.overview.facts import Facts, Server
from seon.backend.panel.templatetags.panel import duration, octets
from seon.backend.queue.lists import ServiceState

PATIENCE = timedelta(seconds=30)
"""So long after a change it may take until the configuration is in force everywhere."""
NEAR = timedelta(days=30)
"""What ends within so long is a warning."""
MANY_EVENTS = 1_000
"""Events that wait at a client: more means that Seonapi does not keep up."""
FULL = 0.9
"""Of the sessions that can run at once."""
_OWN_RULE = frozenset({"license", "own-certificate"})
"""Kinds of what ends that have a rule of their own."""


class State(StrEnum):
    """How it is, as a whole."""

    NEW = "new"
    WORKS = "works"
    WARNS = "warns"
    PART = "part"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not work, or soon will not."""

    bad: bool
    """Whether it does not work; else it is a warning."""
    what: str
    advice: str
    page: str = ""
    """The name of the address of the page where it is mended."""
    command: str = ""
    """What to type, where no page mends it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The line and the problems."""

    state: State
    sentence: str
    problems: tuple[Problem, ...]


Found = Iterator[Problem]


def judge(facts: Facts) -> Verdict:
    """Return whether everything works, and what does not."""
    problems = [problem for rule in RULES for problem in rule(facts)]
    problems.sort(key=lambda problem: not problem.bad)
    state = _state(facts, problems)
    return Verdict(state, _sentence(state, facts), tuple(problems))


def _state(facts: Facts, problems: list[Problem]) -> State:
    if not facts.clients:
        return State.NEW if facts.last_file is None else State.FAILS
    if not any(problem.bad for problem in problems):
        return State.WARNS if problems else State.WORKS
    return State.PART if any(server.takes_sessions for server in facts.servers) else State.FAILS


def _sentence(state: State, facts: Facts) -> str:
    words = {
        State.NEW: _("Not set up yet. The steps below lead to the first file."),
        State.WORKS: _("Works."),
        State.WARNS: _("Works, with a warning."),
        State.PART: _("Works in part."),
        State.FAILS: _("Does not work."),
    }[state]
    return words if state is State.NEW else f"{words} {_counts(facts)}"


def _counts(facts: Facts) -> str:
    linked, heard = sum(server.up for server in facts.servers), len(facts.heard)
    counts = [
        ngettext("%d server", "%d servers", linked) % linked,
        ngettext("%d client", "%d clients", heard) % heard,
        ngettext("%d session", "%d sessions", facts.sessions) % facts.sessions,
        _("last file %s") % _ago(facts, facts.last_file) if facts.last_file else _("no file yet"),
    ]
    return ", ".join(counts)


def _ago(facts: Facts, moment: datetime) -> str:
    return _("%s ago") % duration(max((facts.now - moment).total_seconds(), 0))


# --- what keeps everything from working -----------------------------------------------------------------------------


def _no_license(facts: Facts) -> Found:
    if not any(server.licensed for server in facts.servers):
        advice = _("Type seon_proxyserver2 -L on the DMZ host. Then issue a license for the Proxy ID that it shows.")
        yield Problem(True, _("No license was issued yet: no server can start."), advice, "panel:licenses")


def _no_token(facts: Facts) -> Found:
    if not facts.tokens:
        advice = _("Make one, and give it to the client with -T.")
        yield Problem(True, _("No security token is in force: no client can call."), advice, "panel:tokens")


def _no_client(facts: Facts) -> Found:
    for client in facts.clients:
        if not client.fresh:
            what = _("Nothing is heard of client %(name)s at %(address)s since %(long)s: nobody knows what runs there.")
            said = {"name": client.name, "address": client.address, "long": duration(_seconds(facts, client.heard_at))}
            advice = _("Look at its host: does seon_proxyclient2 run, and does it reach Seonapi? Its log says more.")
            yield Problem(True, what % said, advice, "panel:proxies")
    if not facts.clients:
        advice = _("Start seon_proxyclient2 with the address of Seonapi, the server and a token.")
        yield Problem(True, _("No client was heard of yet."), advice, "panel:proxies")


def _seconds(facts: Facts, moment: datetime) -> float:
    return max((facts.now - moment).total_seconds(), 0)


def _no_link(facts: Facts) -> Found:
    for server in facts.servers:
        for link in server.links:
            if link.client.fresh and not link.server.linked:
                what = _("No link from client %(client)s to server %(place)s: %(reason)s.")
                reason = link.server.reason.rstrip(".") or _("not linked yet")
                said = {"client": link.client.name, "place": link.server.place, "reason": reason}
                advice = _("Does seon_proxyserver2 run there, and does the firewall let the client reach it?")
                yield Problem(not server.up, what % said, advice, "panel:proxies")
    for client in facts.heard:
        if not client.state.servers:
            what = _("Client %s is told to serve no server.") % client.name
            yield Problem(True, what, _("Start it with -S and the address of the server."), "panel:proxies")


def _license(facts: Facts) -> Found:
    for server in facts.servers:
        if not server.licensed:
            continue
        until = server.license_until
        advice = _("Issue a new one, and put it on the host of the server as /etc/seon_proxy.lic.")
        if until is None:
            what = _("The license of server %s was withdrawn.") % server.name
            yield Problem(bool(server.links), what, advice, "panel:licenses")
        elif until <= facts.now:
            what = _("The license of server %s has ended: its external port is closed.") % server.name
            yield Problem(True, what, advice, "panel:licenses")
        elif until - facts.now < NEAR:
            what = _("The license of server %(name)s ends in %(long)s.")
            yield Problem(False, what % {"name": server.name, "long": _left(facts, until)}, advice, "panel:licenses")


def _left(facts: Facts, until: datetime) -> str:
    return duration((until - facts.now).total_seconds())


def _own_certificate(facts: Facts) -> Found:
    page, until = "panel:own-certificates", facts.own_until
    if until is None:
        what = _("No own certificate is in use: the server cannot open its external port.")
        yield Problem(True, what, _("Import one with its key, or make a key and a request for your CA."), page)
    elif until <= facts.now:
        advice = _("Get a new one from your CA, send it to your partners, and use it.")
        yield Problem(True, _("The own certificate has ended: partners refuse it."), advice, page)
    elif until - facts.now < NEAR:
        advice = _("Get a new one from your CA, send it to your partners, and plan when it is used.")
        yield Problem(False, _("The own certificate ends in %s.") % _left(facts, until), advice, page)


def _external_port(facts: Facts) -> Found:
    for server in facts.servers:
        link = server.link
        if not server.up or link is None or link.server.external_open:
            continue
        if facts.own_until is None and not link.server.external_reason:
            continue  # told already
        what = _("The external port of server %(name)s is closed: %(reason)s.")
        reason = link.server.external_reason.rstrip(".") or _("the server opens it when its configuration is complete")
        advice = _("Partners cannot call. Is the port free on that host, and the address one of its own?")
        yield Problem(True, what % {"name": server.name, "reason": reason}, advice, "panel:tcp-ip")


def _receive_daemon(facts: Facts) -> Found:
    for client in facts.heard:
        state = client.state
        if not state.receive_daemon:
            what = _("Client %s has no receive daemon: incoming sessions are refused.") % client.name
            advice = _("Enter host and port of your OFTP2 station that takes incoming sessions.")
            yield Problem(True, what, advice, "panel:proxy")
        elif state.receive_daemon_reached is False:
            what = _("Client %(client)s does not reach the receive daemon %(daemon)s: %(reason)s.")
            reason = state.receive_daemon_reason.rstrip(".") or _("no answer")
            said = {"client": client.name, "daemon": state.receive_daemon, "reason": reason}
            advice = _("Start your OFTP2 station. Is its address right, and may the client reach it?")
            yield Problem(True, what % said, advice, "panel:proxy")


def _listeners(facts: Facts) -> Found:
    for client in facts.heard:
        closed = [listener for listener in client.state.listeners if not listener.open]
        if not closed:
            continue
        what = ngettext(
            "%(number)d listening port of client %(client)s is closed: %(first)s to %(partner)s, %(reason)s.",
            "%(number)d listening ports of client %(client)s are closed, one is %(first)s to %(partner)s, %(reason)s.",
            len(closed),
        )
        said = {
            "number": len(closed),
            "client": client.name,
            "first": address(str(closed[0].address), closed[0].port),
            "partner": closed[0].partner,
            "reason": closed[0].reason.rstrip(".") or _("not open yet"),
        }
        advice = _("Your station cannot send to that partner. Choose a port that is free on the host of the client.")
        yield Problem(True, what % said, advice, "panel:proxies")


def _draining(facts: Facts) -> Found:
    for client in facts.heard:
        if client.state.draining:
            what = _("Client %s takes no new session: somebody drains it.") % client.name
            yield Problem(False, what, _("Resume it when the work on it is done."), "panel:proxies")


def _not_in_force(facts: Facts) -> Found:
    if facts.changed_at is None or facts.now - facts.changed_at < PATIENCE:
        return
    late = [client.name for client in facts.heard if client.state.version < facts.version]
    late += [server.name for server in facts.servers if server.up and _version(server) < facts.version]
    if late:
        what = _("The newest configuration is not in force on: %s.") % ", ".join(late)
        advice = _("Look into the system log: it says why it was not taken. The one before is still in force.")
        yield Problem(True, what, advice, "panel:system-log")


def _version(server: Server) -> int:
    return server.link.server.version if server.link else 0


# --- what works behind the scenes -----------------------------------------------------------------------------------


def _queue_daemon(facts: Facts) -> Found:
    if facts.daemon is not None and facts.daemon.away:
        what = _("The Seon send queue daemon is away%s: nobody fetches revocation lists or cleans up.")
        yield Problem(True, what % _since(facts, facts.daemon), _("Start its service, or type:"), "", "seonapi queue")
    for job in facts.failed_jobs:
        what = _("The job %(name)s fails: %(result)s.")
        said = {"name": job.work.name, "result": (job.row.result if job.row else "").rstrip(".")}
        yield Problem(False, what % said, _("The log of the queue daemon says more."), "panel:jobs")


def _since(facts: Facts, service: ServiceState) -> str:
    return _(" since %s") % duration(_seconds(facts, service.seen_at)) if service.seen_at else ""


def _revocation(facts: Facts) -> Found:
    if not facts.overdue or facts.revocation == "ignore":
        return
    number = len(facts.overdue)
    what = ngettext(
        "%(number)d revocation list is overdue (%(first)s).",
        "%(number)d revocation lists are overdue, among them that of %(first)s.",
        number,
    )
    effect = (
        _("Partners whose certificates they are for are refused.") if facts.revocation == "hard"
        else _("Partners whose certificates they are for are let in, revoked or not.")
    )  # fmt: skip
    said = {"number": number, "first": facts.overdue[0]}
    yield Problem(
        facts.revocation == "hard", what % said, f"{effect} {_('See why there is no newer one.')}", "panel:trust"
    )


def _script(facts: Facts) -> Found:
    if not facts.script.path:
        return
    if facts.events is not None and facts.events.away:
        what = _("The events service is away%s: no critical event starts the event script.")
        yield Problem(True, what % _since(facts, facts.events), _("Start its service, or type:"), "", "seonapi events")
    if facts.script.lost:
        what = _("The queue of the event script is full: %d events started no script.") % facts.script.lost
        yield Problem(True, what, _("Does the script hang? Let more runs take place at once."), "panel:events")
    if facts.script.failed:
        what = ngettext(
            "%d run of the event script failed within a day.",
            "%d runs of the event script failed within a day.",
            facts.script.failed,
        )
        yield Problem(False, what % facts.script.failed, _("Their output says why."), "panel:jobs")


def _disk(facts: Facts) -> Found:
    if facts.free_octets < LEAST_FREE:
        what = _("The disk of Seonapi is nearly full: %s are free.") % octets(facts.free_octets)
        advice = _("Make room. At a full disk no event is stored any more; sessions go on.")
        yield Problem(facts.free_octets < NO_FREE, what, advice, "panel:about")


def _spool(facts: Facts) -> Found:
    for client in facts.heard:
        waiting = client.state.events_waiting
        if waiting > MANY_EVENTS:
            what = _("%(number)d events wait at client %(client)s: Seonapi does not keep up, or refuses them.")
            advice = _("None is lost while the disk of the client has room. The log of the client says more.")
            yield Problem(False, what % {"number": waiting, "client": client.name}, advice, "panel:system-log")


def _limit(facts: Facts) -> Found:
    if facts.limit and facts.sessions >= FULL * facts.limit:
        what = _("%(sessions)d of %(limit)d sessions run: soon new ones are refused.")
        said = {"sessions": facts.sessions, "limit": facts.limit}
        yield Problem(False, what % said, _("Raise the limit if the hosts can do more."), "panel:limits")


def _no_partner(facts: Facts) -> Found:
    if not facts.partners:
        yield Problem(False, _("No partner is enabled: nobody is let in."), _("Add one."), "panel:partners")


def _endings(facts: Facts) -> Found:
    near = [one for one in facts.endings if one.until - facts.now < NEAR and _kind(one.subject) not in _OWN_RULE]
    if not near:
        return
    first, number = near[0], len(near)
    what = _("%s has ended.") if first.until <= facts.now else _("%s ends soon.")
    more = ngettext("%d more thing ends soon.", "%d more things end soon.", number - 1) % (number - 1)
    text = what % first.what.rstrip(",")
    advice = f"{first.advice[:1].upper()}{first.advice[1:]}."
    yield Problem(False, text, f"{advice} {more}" if number > 1 else advice)


def _kind(subject: str) -> str:
    return subject.partition(":")[0]


RULES: tuple[Callable[[Facts], Found], ...] = (
    _no_license,
    _no_token,
    _no_client,
    _no_link,
    _license,
    _own_certificate,
    _external_port,
    _receive_daemon,
    _not_in_force,
    _revocation,
    _listeners,
    _disk,
    _queue_daemon,
    _script,
    _limit,
    _spool,
    _draining,
    _no_partner,
    _endings,
)
"""In the order of their importance; what does not work comes before every warning."""
