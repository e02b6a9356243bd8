"""Each module of src/seon has a test file that mirrors it, or stands here with the reason why not."""

from pathlib import Path

import seon

SOURCE = Path(seon.__file__).parent
TESTS = Path(__file__).parent

DECLARED = "declarations only: Django reads them, and the tests of what uses them fail without them"
ELSEWHERE = "tested through the real programs in tests/functional"
EXCEPTIONS: dict[str, str] = {}


def wanted(module: Path) -> Path:
    return TESTS / module.parent / f"test_{module.name}"


def modules() -> list[Path]:
    found = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py")]
    return sorted(path for path in found if path.name != "__init__.py" and "migrations" not in path.parts)


def test_every_module_has_a_test_that_mirrors_it() -> None:
    lacking = [str(module) for module in modules() if str(module) not in EXCEPTIONS and not wanted(module).exists()]
    assert lacking == []


def test_an_exception_is_for_a_module_that_is_there_and_has_no_test() -> None:
    names = {str(module) for module in modules()}
    assert sorted(set(EXCEPTIONS) - names) == []
    assert [name for name in EXCEPTIONS if wanted(Path(name)).exists()] == []
