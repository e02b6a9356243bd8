import json

import pytest
from django.db import DatabaseError
from django.test import RequestFactory

from seon.backend.api import problems
from seon.backend.api.problems import RefusedError, problem_of
from seon.backend.configuration.keys import set_setting


def refused(peer: str, status: int = 409) -> int:
    request = RequestFactory().get("/x", headers={"X-Forwarded-For": "10.0.0.5"}, REMOTE_ADDR=peer)
    answer = problem_of(request, RefusedError(status, "No license"))
    assert json.loads(answer.content) == {"error": "No license"}
    return answer.status_code


@pytest.mark.parametrize(
    ("peer", "said"),
    [("10.9.0.2", "from 10.0.0.5, forwarded by 10.9.0.2 refused, 409"), ("10.8.0.2", "from 10.8.0.2 refused, 409")],
    ids=["a configured proxy", "somebody else"],
)
def test_a_refusal_names_who_called_a_reverse_proxy(peer: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    set_setting("reverse_proxies", "10.9.0.0/24")
    assert refused(peer) == 409
    (line,) = caplog.messages
    assert said in line


def test_a_database_that_is_away_hinders_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(problems, "source_of", away)
    assert refused("10.9.0.2") == 409
    assert "from 10.9.0.2 refused" in caplog.text


def test_a_call_without_authentication_has_its_line_already(caplog: pytest.LogCaptureFixture) -> None:
    assert refused("10.9.0.2", 401) == 401
    assert caplog.messages == []
