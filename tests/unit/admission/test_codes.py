"""The codes of verdicts are what administrators look up."""

from seon.admission.codes import Verdict


def test_a_code_is_what_events_and_documentation_show() -> None:
    assert all(str(code) == code.value == code.name.replace("_", "-") for code in Verdict)
    assert len(Verdict) == 20
