import pytest

from seon.backend.errors import OperatorError
from seon.backend.prefixes import MOST, read_prefixes


def test_the_usual_prefix_needs_no_setting_and_others_come_in_one_form() -> None:
    assert read_prefixes([]) == ["/seonapi"]
    assert read_prefixes(["base/", "/a/b.c", "/seonapi", "/base"]) == ["/seonapi", "/base", "/a/b.c"]


@pytest.mark.parametrize(
    "text", ["", "/", "a//b", "/a b", "/..", "/a/../b", "https://host/base", "/%62", "/ü", "/a" * 200]
)
def test_what_is_no_path_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(OperatorError, match=r"--prefix: .* is no path such as /base"):
        read_prefixes([text])


@pytest.mark.parametrize("text", ["/panel", "/api/x", "static", "/healthz"])
def test_a_prefix_that_would_hide_a_path_of_ours_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="begins as a path of Seonapi's own does"):
        read_prefixes([text])


def test_there_is_a_greatest_number_of_prefixes() -> None:
    with pytest.raises(OperatorError, match=f"at most {MOST - 1}"):
        read_prefixes(f"/p{n}" for n in range(MOST))
