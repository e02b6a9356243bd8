"""Rules and what a policy makes of them."""

import pytest

from seon.oftp2.errors import LocalError
from seon.oftp2.rules import RULES, Policy, Severity

BY_WORTH = {
    # default, strict, ESIDREAS, and hard where no policy may soften it: sections 6.2, 6.3, 9 and 10 of the reference
    "refuse refuse 07 hard": "STH-VER STH-MIN STH-MAX STH-EOF CMD-LEN DAT-TRUNC",
    "refuse refuse 07": "DAT-SIZE DAT-SIZE/one",
    "warn refuse 07": "STH-FLG CMD-LEN/tail CMD-LEN/terminator CMD-LEN/esid-layout",
    "warn warn 07": "CMD-LEN/terminator-esid",
    "refuse refuse 01 hard": "CMD-ID CMD-LVL",
    "refuse refuse 06 hard": "FLD-FIX FLD-ENUM FLD-X FLD-9 FLD-CR",
    "refuse refuse 06": """FLD-RNG FLD-EMPTY FLD-TIME XF-LRECL XF-VREC XF-SEC XF-ENV XF-HASH DAT-CF DAT-EOR
        DAT-LRECL DAT-VOID""",
    "warn refuse 06": """FLD-ENUM/reason FLD-ENUM/level FLD-X/case FLD-DATE FLD-CR/line-feed SEM-RCNT SEM-UCNT""",
    "ignore warn 06": "DAT-EOR/text",
    "warn warn 06": """FLD-XPAD FLD-EMPTY/session FLD-9/left FLD-TIMEC FLD-UTF8 FLD-RSV FLD-CIPH XF-LRECL0
        XF-SEC/unused XF-SIGN XF-OSIZ XF-HASH0 DAT-CF0 DAT-EMPTY DAT-END""",
    "refuse refuse 10 hard": "NEG-CRED NEG-SR NEG-SPEC",
    "refuse refuse 10": "FLD-SPEC POL-LEVEL",
    "warn refuse 10": "NEG-REST",
    "warn warn 10": "NEG-LEV NEG-SDEB NEG-SR2 NEG-CMPR",
    "refuse refuse 12 hard": "NEG-AUTH",
    "refuse refuse 12": "POL-AUTH",
    "refuse refuse 03": "ADM-CODE",
    "refuse refuse 02 hard": """SEQ-FIRST SEQ-TURN SEQ-CMD SEQ-CRED SEQ-CDT SEQ-CDLOOP SEQ-CDREQ SEQ-ESID0 SEQ-END
        SEM-REST SEM-ACNT""",
    "refuse refuse 02": "SEQ-MODE",
    "warn refuse 02": "SEQ-CMD/early-end SEQ-EFID SEQ-CDT/late SEQ-ESID0/turn SEQ-END/empty",
    "ignore ignore 99": "ADM-ORIG ADM-DEST",
    "decline decline 99": "POL-SIZE POL-NAME POL-DEST POL-ORIG",
    "refuse refuse 99": "POL-SIZE/grown",
    "refuse refuse 99 hard": "POL-DECLINES",
}
"""The rules typed a second time, by what they are worth."""
ORDER = [Severity.IGNORE, Severity.WARN, Severity.DECLINE, Severity.REFUSE]


def test_each_rule_is_worth_what_the_reference_says() -> None:
    expected = {key: worth for worth, keys in BY_WORTH.items() for key in keys.split()}
    hard = {False: "", True: " hard"}
    assert {
        rule.key: f"{rule.default.value} {rule.strict.value} {rule.reason:02d}{hard[rule.hard]}"
        for rule in RULES.values()
    } == expected


def test_each_rule_has_words_of_its_own() -> None:
    meanings = [rule.meaning for rule in RULES.values()]
    assert len(set(meanings)) == len(meanings)
    assert all(len(meaning) > 10 for meaning in meanings)


def test_strict_is_never_softer_than_default() -> None:
    for rule in RULES.values():
        assert ORDER.index(rule.strict) >= ORDER.index(rule.default), rule.key


def test_a_softer_form_belongs_to_a_rule_and_is_softer() -> None:
    for rule in RULES.values():
        if rule.key not in (rule.id, "POL-SIZE/grown"):  # a file under way cannot be declined any more
            assert ORDER.index(rule.default) <= ORDER.index(RULES[rule.id].default)


def test_hard_rules_refuse() -> None:
    assert {(rule.default, rule.strict) for rule in RULES.values() if rule.hard} == {(Severity.REFUSE,) * 2}


def test_an_override_of_an_id_reaches_all_its_forms_but_softens_no_hard_one() -> None:
    policy = Policy("strict", {"FLD-X": Severity.IGNORE})
    assert policy.severity("FLD-X/case") is Severity.IGNORE
    assert policy.severity("FLD-X") is Severity.REFUSE


def test_an_override_of_a_form_goes_before_one_of_its_id() -> None:
    policy = Policy("default", {"DAT-SIZE": Severity.REFUSE, "DAT-SIZE/one": Severity.WARN})
    assert (policy.severity("DAT-SIZE"), policy.severity("DAT-SIZE/one")) == (Severity.REFUSE, Severity.WARN)


def test_a_policy_can_be_stricter_than_its_profile() -> None:
    assert Policy("default", {"FLD-RSV": Severity.REFUSE}).severity("FLD-RSV") is Severity.REFUSE


@pytest.mark.parametrize(
    ("name", "severity"), [("FLD-Y", Severity.WARN), ("STH-VER", Severity.WARN), ("CMD-ID", Severity.IGNORE)]
)
def test_an_override_that_cannot_hold_is_refused(name: str, severity: Severity) -> None:
    with pytest.raises(LocalError, match=name):
        Policy("default", {name: severity})


@pytest.mark.parametrize("name", ["FLD-X", "DAT-SIZE/one", "POL-LEVEL", "POL-SIZE/grown", "STH-VER"])
def test_what_is_no_offered_file_cannot_be_declined(name: str) -> None:
    with pytest.raises(
        LocalError, match=f"{name} cannot be declined: .*: POL-SIZE, POL-NAME, POL-DEST, POL-ORIG, ADM-ORIG, ADM-DEST$"
    ):
        Policy("default", {name: Severity.DECLINE})


def test_a_rule_of_files_can_be_declined_and_what_of_it_cannot_stays() -> None:
    policy = Policy("default", {"POL-SIZE": Severity.DECLINE, "POL-NAME": Severity.WARN})
    assert policy.severity("POL-SIZE") is Severity.DECLINE
    assert policy.severity("POL-SIZE/grown") is Severity.REFUSE
    assert policy.severity("POL-NAME") is Severity.WARN


def test_a_hard_rule_may_be_said_to_be_refused() -> None:
    assert Policy("default", {"CMD-ID": Severity.REFUSE}).severity("CMD-ID") is Severity.REFUSE
