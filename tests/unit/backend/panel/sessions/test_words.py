"""Every value that a session can have, has its words."""

from typing import get_args

from seon.api_messages import Phase
from seon.backend.journal.models import FileState, Result, Session
from seon.backend.panel.sessions.words import FILE_TONES, PHASES, RESULT_TONES, agreed, ended_by
from seon.endings import By, SessionEnd


def test_every_phase_result_and_state_has_its_words_and_its_tone() -> None:
    assert set(PHASES) == set(get_args(Phase))
    assert set(RESULT_TONES) == set(Result)
    assert set(FILE_TONES) == set(FileState)


def test_everybody_who_can_end_a_session_has_a_name() -> None:
    for by in get_args(By):
        for host in ("dmz", "inside"):
            said = SessionEnd(by, "esid", host).ended_by
            assert str(ended_by(Session(ended_by=said))) != said or said == ""
    assert ended_by(Session(ended_by="something newer")) == "something newer"


def test_before_anything_was_agreed_there_is_nothing_to_explain() -> None:
    assert agreed(Session()) == []
    facts = {str(fact.name): str(fact.value) for fact in agreed(Session(level=5, restart=True, credit=64))}
    assert (facts["Level"], facts["Restart"], facts["Compression"], facts["Special logic"]) == ("5", "yes", "no", "no")
