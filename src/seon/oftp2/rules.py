"""The verifier's rules and what a policy makes of them.

A key is a rule id, or `id/form` for a softer form of the same rule that a policy may judge on its own: `FLD-X` is any
octet outside the character set, `FLD-X/case` lower case and underscore, which real stations send. Reports name both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Literal, Self

from seon.oftp2.errors import Flaw, InvalidBufferError, LocalError
from seon.oftp2.markdown import table
from seon.oftp2.reasons import AnswerReason, EndReason


class Severity(Enum):
    """What happens when a rule is broken."""

    REFUSE = "refuse"
    DECLINE = "decline"
    """The file is refused (SFNA) and the session goes on; for rules of files only (`Rule.answer`)."""
    WARN = "warn"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A `hard` one cannot be softened: what breaks it has no reading, or would let the two hops disagree."""

    key: str
    meaning: str
    reason: EndReason
    """What an ESID says where the rule is refused."""
    default: Severity
    strict: Severity
    hard: bool = False
    answer: AnswerReason | None = None
    """What an SFNA says where the rule is declined; None: it cannot be."""

    @property
    def id(self) -> str:
        """The rule's id: the key without its form."""
        return self.key.partition("/")[0]

    def can_be(self, severity: Severity) -> bool:
        """Whether the rule can be set to a severity."""
        if severity is Severity.DECLINE:
            return self.answer is not None
        return severity is Severity.REFUSE or not self.hard


_R, _D, _W, _I = Severity.REFUSE, Severity.DECLINE, Severity.WARN, Severity.IGNORE
_UNKNOWN, _ORDER, _DATA = EndReason.COMMAND_NOT_RECOGNISED, EndReason.PROTOCOL_VIOLATION, EndReason.INVALID_DATA
_SIZE, _MODE, _AUTH = EndReason.BUFFER_SIZE, EndReason.INCOMPATIBLE, EndReason.AUTHENTICATION_INCOMPATIBLE
_OTHER = EndReason.UNSPECIFIED
_HARD = True

_TABLE = (
    # stream header, RFC 5024 8.2
    Rule("STH-VER", "version of the stream header is not 1", _SIZE, _R, _R, _HARD),
    Rule("STH-FLG", "flags of the stream header are not 0", _SIZE, _W, _R),
    Rule("STH-MIN", "stream buffer without an exchange buffer", _SIZE, _R, _R, _HARD),
    Rule("STH-MAX", "stream buffer longer than the protocol can announce", _SIZE, _R, _R, _HARD),
    Rule("STH-EOF", "the stream ends inside a stream buffer", _SIZE, _R, _R, _HARD),
    # commands, 5.3
    Rule("CMD-ID", "unknown command", _UNKNOWN, _R, _R, _HARD),
    Rule("CMD-LVL", "command does not exist at this level", _UNKNOWN, _R, _R, _HARD),
    Rule("CMD-LEN", "length does not fit the command", _SIZE, _R, _R, _HARD),
    Rule("CMD-LEN/terminator", "terminator of SSRM or SSID missing", _SIZE, _W, _R),
    Rule("CMD-LEN/terminator-esid", "terminator of ESID missing", _SIZE, _W, _W),
    Rule("CMD-LEN/esid-layout", "ESID that refuses an SSID in the layout of another level", _SIZE, _W, _R),
    Rule("CMD-LEN/tail", "trailing fields missing", _SIZE, _W, _R),
    # fields
    Rule("FLD-FIX", "constant field differs", _DATA, _R, _R, _HARD),
    Rule("FLD-ENUM", "value is not one of the allowed ones", _DATA, _R, _R, _HARD),
    Rule("FLD-ENUM/reason", "reason code unknown for this command and level", _DATA, _W, _R),
    Rule("FLD-ENUM/level", "protocol level of the future", _DATA, _W, _R),
    Rule("FLD-RNG", "number out of its range", _DATA, _R, _R),
    Rule("FLD-X", "character outside the X set", _DATA, _R, _R, _HARD),
    Rule("FLD-X/case", "lower case or underscore in an X field", _DATA, _W, _R),
    Rule("FLD-XPAD", "leading or embedded space", _DATA, _W, _W),
    Rule("FLD-EMPTY", "mandatory field blank", _DATA, _R, _R),
    Rule("FLD-EMPTY/session", "code or password blank", _DATA, _W, _W),
    Rule("FLD-9", "not a number", _DATA, _R, _R, _HARD),
    Rule("FLD-9/left", "number padded with spaces on the left", _DATA, _W, _W),
    Rule("FLD-DATE", "impossible date", _DATA, _W, _R),
    Rule("FLD-TIME", "impossible time", _DATA, _R, _R),
    Rule("FLD-TIMEC", "counter of the time is 0000", _DATA, _W, _W),
    Rule("FLD-UTF8", "text is not UTF-8", _DATA, _W, _W),
    Rule("FLD-RSV", "reserved field not blank", _DATA, _W, _W),
    Rule("FLD-CR", "terminator is not a carriage return", _DATA, _R, _R, _HARD),
    Rule("FLD-CR/line-feed", "terminator is a line feed", _DATA, _W, _R),
    Rule("FLD-CIPH", "cipher suite not in any known list", _DATA, _W, _W),
    Rule("FLD-SPEC", "special logic has no place on TCP", _MODE, _R, _R),
    # fields of one command against each other
    Rule("XF-LRECL", "record length in a file without records", _DATA, _R, _R),
    Rule("XF-LRECL0", "fixed records of length 0", _DATA, _W, _W),
    Rule("XF-VREC", "record length too big for a secured V file", _DATA, _R, _R),
    Rule("XF-SEC", "security level without cipher suite", _DATA, _R, _R),
    Rule("XF-SEC/unused", "cipher suite that nothing uses", _DATA, _W, _W),
    Rule("XF-ENV", "file service without envelope", _DATA, _R, _R),
    Rule("XF-SIGN", "signed receipt asked for without a cipher suite", _DATA, _W, _W),
    Rule("XF-OSIZ", "original size differs though no file service is used", _DATA, _W, _W),
    Rule("XF-HASH", "hash without signature", _DATA, _R, _R),
    Rule("XF-HASH0", "signature without hash", _DATA, _W, _W),
    # data buffers, RFC 5024 7
    Rule("DAT-SIZE", "data buffer longer than agreed", _SIZE, _R, _R),
    Rule("DAT-SIZE/one", "data buffer longer than agreed by one octet", _SIZE, _R, _R),
    Rule("DAT-TRUNC", "subrecord cut off by the end of its buffer", _SIZE, _R, _R, _HARD),
    Rule("DAT-CF", "compressed subrecord though compression was not agreed", _DATA, _R, _R),
    Rule("DAT-CF0", "compressed subrecord of count 0", _DATA, _W, _W),
    Rule("DAT-EMPTY", "data buffer without a subrecord", _DATA, _W, _W),
    Rule("DAT-EOR", "octets after the end of the file", _DATA, _R, _R),
    Rule("DAT-EOR/text", "lines of a text file sent as records", _DATA, _I, _W),
    Rule("DAT-END", "the last record has no end", _DATA, _W, _W),
    Rule("DAT-LRECL", "record length broken", _DATA, _R, _R),
    Rule("DAT-VOID", "too many data buffers in a row without content", _DATA, _R, _R),
    # negotiation, 4.2 and 5.3.2
    Rule("NEG-LEV", "answered level above the offer", _MODE, _W, _W),
    Rule("NEG-SDEB", "answered buffer size above the offer", _MODE, _W, _W),
    Rule("NEG-CRED", "answered credit above the offer", _MODE, _R, _R, _HARD),
    Rule("NEG-SR", "neither side could send to the other", _MODE, _R, _R, _HARD),
    Rule("NEG-SR2", "answered B to S or R", _MODE, _W, _W),
    Rule("NEG-CMPR", "answered compression Y to N", _MODE, _W, _W),
    Rule("NEG-REST", "answered restart Y to N", _MODE, _W, _R),
    Rule("NEG-SPEC", "special logic on both sides", _MODE, _R, _R, _HARD),
    Rule("NEG-AUTH", "the sides differ on secure authentication", _AUTH, _R, _R, _HARD),
    Rule("ADM-CODE", "identification code not allowed for this side", EndReason.UNKNOWN_CODE, _R, _R),
    # order, 9
    Rule("SEQ-FIRST", "the Initiator speaks before SSRM", _ORDER, _R, _R, _HARD),
    Rule("SEQ-TURN", "the other side has the floor", _ORDER, _R, _R, _HARD),
    Rule("SEQ-CMD", "command not valid in this state", _ORDER, _R, _R, _HARD),
    Rule("SEQ-CMD/early-end", "ESID instead of SSRM", _ORDER, _W, _R),
    Rule("SEQ-CRED", "data without credit", _ORDER, _R, _R, _HARD),
    Rule("SEQ-EFID", "end of file without waiting for credit", _ORDER, _W, _R),
    Rule("SEQ-CDT", "credit set though some is left", _ORDER, _R, _R, _HARD),
    Rule("SEQ-CDT/late", "credit set after the end of the file", _ORDER, _W, _R),
    Rule("SEQ-CDLOOP", "turn handed straight back", _ORDER, _R, _R, _HARD),
    Rule("SEQ-CDREQ", "turn not given though it was asked for", _ORDER, _R, _R, _HARD),
    Rule("SEQ-MODE", "file sent against the agreed direction", _ORDER, _R, _R),
    Rule("SEQ-ESID0", "normal end where none is allowed", _ORDER, _R, _R, _HARD),
    Rule("SEQ-ESID0/turn", "normal end by the Speaker who had not just got the turn", _ORDER, _W, _R),
    Rule("SEQ-END", "octets after ESID by the same side", _ORDER, _R, _R, _HARD),
    Rule("SEQ-END/empty", "empty stream buffer after ESID", _ORDER, _W, _R),
    # restart and counts, 5.3.3 to 5.3.9
    Rule("SEM-REST", "restart position though restart was not agreed", _ORDER, _R, _R, _HARD),
    Rule("SEM-ACNT", "answered position above the offered one", _ORDER, _R, _R, _HARD),
    Rule("SEM-RCNT", "record count differs from what was sent", _DATA, _W, _R),
    Rule("SEM-UCNT", "octet count differs from what was sent", _DATA, _W, _R),
    # what a company demands beyond the protocol, where it is set (demands.py)
    Rule("POL-LEVEL", "level 5 is required", _MODE, _R, _R),
    Rule("POL-AUTH", "secure authentication is required", _AUTH, _R, _R),
    Rule("POL-SIZE", "file bigger than allowed", _OTHER, _D, _D, answer=AnswerReason.FILE_TOO_BIG),
    Rule("POL-SIZE/grown", "file grows bigger than allowed", _OTHER, _R, _R),
    Rule("POL-NAME", "file name not allowed", _OTHER, _D, _D, answer=AnswerReason.INVALID_NAME),
    Rule("POL-DEST", "destination of a file not allowed", _OTHER, _D, _D, answer=AnswerReason.INVALID_DESTINATION),
    Rule("POL-ORIG", "originator of a file not allowed", _OTHER, _D, _D, answer=AnswerReason.INVALID_ORIGIN),
    # files against the partner's codes: an option, since a provider passes on the files of others (binding.py)
    Rule("ADM-ORIG", "originator of a file is not its sender", _OTHER, _I, _I, answer=AnswerReason.INVALID_ORIGIN),
    Rule("ADM-DEST", "destination of a file is not its receiver", _OTHER, _I, _I,
         answer=AnswerReason.INVALID_DESTINATION),
    Rule("POL-DECLINES", "too many files declined in a row", _OTHER, _R, _R, _HARD),
)  # fmt: skip

RULES: Mapping[str, Rule] = MappingProxyType({rule.key: rule for rule in _TABLE})

MAX_DECLINES = 100
"""Files declined in a row with nothing passed between (POL-DECLINES): a station that offers more does not listen."""
DECLINABLE = tuple(rule.key for rule in _TABLE if rule.answer is not None)

Profile = Literal["default", "strict"]


@dataclass(frozen=True)
class Policy:
    """What each rule is worth: a profile, and severities that replace it for a rule id or for one of its forms.

    Raises LocalError for a rule that does not exist, and for an override that none of its forms can take.
    """

    profile: Profile = "default"
    overrides: Mapping[str, Severity] = field(default_factory=dict)
    _severities: Mapping[str, Severity] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, severity in self.overrides.items():
            check_severity(name, severity)
        severities = {key: self._judge(rule) for key, rule in RULES.items()}
        object.__setattr__(self, "_severities", MappingProxyType(severities))

    @classmethod
    def named(cls, profile: Profile) -> Self:
        """Return the policy of a profile without overrides."""
        return cls(profile)

    def severity(self, key: str) -> Severity:
        """Return what the rule of `key` is worth."""
        return self._severities[key]

    def _judge(self, rule: Rule) -> Severity:
        own = rule.strict if self.profile == "strict" else rule.default
        wanted = self.overrides.get(rule.key, self.overrides.get(rule.id, own))
        return wanted if rule.can_be(wanted) else own


def rules_named(name: str) -> tuple[Rule, ...]:
    """Return the rules that a name stands for: a key for its own, an id for all forms of its rule."""
    return tuple(rule for rule in _TABLE if name in (rule.key, rule.id))


def check_severity(name: str, severity: Severity) -> None:
    """Raise LocalError, which says why, unless some rule that `name` stands for can be set to `severity`."""
    named = rules_named(name)
    if not named:
        raise LocalError(f"there is no rule {name!r}")
    if any(rule.can_be(severity) for rule in named):
        return
    if severity is Severity.DECLINE:
        raise LocalError(
            f"rule {name} cannot be declined: only the rules for offered files can: {', '.join(DECLINABLE)}"
        )
    raise LocalError(f"rule {name} cannot be softened: it is always refused")


def broken(key: str, offset: int, name: str, text: str = "") -> InvalidBufferError:
    """Return the error for a broken rule at `offset` in the field `name`; `text` defaults to the rule's meaning."""
    rule = RULES[key]
    return InvalidBufferError(Flaw(key, offset, name, text or rule.meaning), rule.reason)


_PAGE = """# The rules

`make docs` makes this page from `src/seon/oftp2/rules.py`.

A rule may have forms of its own, written `rule/form`. Events name both: the rule, and the key under
which you set this form. `default` and `strict` are the profiles.

| Severity | What happens |
| --- | --- |
| `refuse` | The session ends. Both stations get an ESID with the reason of the column ESID. |
| `decline` | The sender of the file gets an SFNA and the session goes on. |
| `warn` | The buffer passes, and an event tells of it. |
| `ignore` | The buffer passes. |

The other station sees nothing of a declined file.

`seonapi set rules.KEY SEVERITY` sets a rule for all partners. `seonapi partner set ID rules.KEY
SEVERITY` sets it for one. The column "Can be set to" says what a key can take. A key without an
entry there is always refused: either what breaks it has no single reading, or the two hosts would
no longer agree on what follows.

{rules}

## What the id of a rule with forms sets

The id stands for all forms of its rule. A form that cannot take the severity stays as it is, and
`seonapi` says so. If no form can take it, `seonapi` refuses the setting.

{forms}

## Declining a file

`decline` is for POL-SIZE, POL-NAME, POL-DEST and POL-ORIG, where both profiles do it, and for
ADM-ORIG and ADM-DEST, which both profiles ignore. The client declines, in both directions. The
server lets the SFID pass, so for the DMZ a declined file is an ordinary SFID and SFNA.

* The SFNA has the reason below, at level 5 the meaning of the rule as its text, and SFNARRTR = N.
* A rule that refuses the same SFID wins: then the session ends.
* The journal has the file: FIL-START, and FIL-END with "declined by rule" and the rule.
* The other station may have given the turn just before. If all files of that turn are declined, and
  their sender gives the turn back, the client ends the session with ESID 00 towards both. Otherwise
  the other station would see its own CD answered by a CD. The end says "nothing was left after 2
  declined files".
* More than {declines} files declined in a row, with nothing passed between, end the session
  (POL-DECLINES).
* A file that grows bigger than allowed ends the session (POL-SIZE/grown): what SFID announces is an
  estimate.

{answers}
"""


def as_markdown() -> str:
    """Return the rules for people: docs/rules.md is this, and a test compares them."""
    rules = (
        (
            f"`{rule.key}`",
            rule.meaning,
            rule.default.value,
            rule.strict.value,
            f"{rule.reason:02d} {rule.reason.text}",
            ", ".join(severity.value for severity in Severity if not rule.hard and rule.can_be(severity)),
        )
        for rule in _TABLE
    )
    answers = ((f"`{rule.key}`", f"{rule.answer:02d} {rule.answer.text}") for rule in _TABLE if rule.answer is not None)
    return _PAGE.format(
        rules=table(("Key", "Meaning", "default", "strict", "ESID", "Can be set to"), *rules),
        forms=table(("Id", "Severity", "Sets", "Stays"), *_rows_of_forms()),
        answers=table(("Rule", "SFNA"), *answers),
        declines=MAX_DECLINES,
    )


def _rows_of_forms() -> Iterator[tuple[str, str, str, str]]:
    for name in dict.fromkeys(rule.id for rule in _TABLE):
        forms = rules_named(name)
        for severities in ((Severity.DECLINE,), (Severity.WARN, Severity.IGNORE)):
            sets = [f"`{rule.key}`" for rule in forms if rule.can_be(severities[0])]
            stays = [f"`{rule.key}`" for rule in forms if not rule.can_be(severities[0])]
            if len(forms) > 1 and sets:
                yield f"`{name}`", ", ".join(one.value for one in severities), ", ".join(sets), ", ".join(stays)
