"""The names of the client's files are those that administrators know (mission D2, D4)."""

from seon.client.files import LOG_NAME, PID_NAME


def test_the_names_are_the_programs() -> None:
    assert (LOG_NAME, PID_NAME) == ("seon_proxyclient", "seon_proxyclient2.pid")
