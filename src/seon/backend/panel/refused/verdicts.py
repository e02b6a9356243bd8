"""The verdicts on certificates in words, and what to do about each; docs/administration.md has the same table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seon.admission.codes import Verdict


class Words(NamedTuple):
    """What is said of a verdict."""

    why: str | Promise
    do: str | Promise


_TODAY = _("Ask the partner for a certificate of today.")
_NEW = _("Ask the partner for its new certificate.")
WORDS: Mapping[str, Words] = MappingProxyType({
    Verdict.NO_CERTIFICATE: Words(_("no certificate was shown"), _("The partner chooses one in its station.")),
    Verdict.MALFORMED: Words(_("it cannot be read"), _("Ask the partner for another certificate.")),
    Verdict.TOO_LARGE: Words(_("certificate, key or chain is too large"), _("Ask for one with a usual key and chain.")),
    Verdict.UNKNOWN: Words(_("no partner has it, and no trust anchor is above it"),
                           _("Make a partner of it, add it to a partner, or add its CA as a trust anchor.")),
    Verdict.CHAIN: Words(_("it names a trust anchor, and the chain to it does not hold"),
                         _("See the reason. The partner may have to send the intermediate certificate.")),
    Verdict.IDENTITY: Words(_("its chain is good, but its Odette ID and names are nobody's"),
                            _("Add its Odette ID or its names to the partner.")),
    Verdict.AMBIGUOUS: Words(_("it says to be two partners"), _("Take the Odette ID or name away from one of them.")),
    Verdict.ANCHOR: Words(_("its trust anchor may not admit this partner"),
                          _("Choose the trust anchor on the partner's page.")),
    Verdict.NOT_YET_VALID: Words(_("it is not valid yet"), _("Look at the clocks of both hosts.")),
    Verdict.EXPIRED: Words(_("it has ended"), _NEW),
    Verdict.UNREADABLE: Words(_("its extensions cannot be read"),
                              _("Ask for another certificate, or let the rule warn for this partner.")),
    Verdict.USAGE: Words(_("it is not made for TLS clients or servers"),
                         _("Ask for another certificate, or let the rule warn for this partner.")),
    Verdict.WEAK_KEY: Words(_("its key is too weak"), _TODAY),
    Verdict.WEAK_SIGNATURE: Words(_("it is signed with SHA-1 or MD5"), _TODAY),
    Verdict.REVOKED: Words(_("its CA has withdrawn it, or a CA above it"), _NEW),
    Verdict.REVOCATION_NOT_YET_KNOWN: Words(_("the list of its CA is not here yet"),
                                            _("It is fetched now. See the revocation lists on the page Trust.")),
    Verdict.REVOCATION_STALE: Words(_("the list of its CA is too old"),
                                    _("See the revocation lists on the page Trust: there stands why.")),
    Verdict.REVOCATION_NO_POINT: Words(_("it names no revocation list"),
                                       _("Add the list of its CA by hand on the page Trust.")),
    Verdict.DISABLED: Words(_("its partner is disabled"), _("Enable the partner.")),
    Verdict.NETWORK: Words(_("it comes from a network that is not its partner's"),
                           _("Add the network on the partner's page.")),
})  # fmt: skip


def words_of(verdict: str) -> Words:
    """Return what is said of a verdict; of one that another version gave, its code."""
    return WORDS.get(verdict, Words(verdict, ""))
