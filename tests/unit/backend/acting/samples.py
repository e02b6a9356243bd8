"""One good and one bad call of each act. Subjects keep theirs in `tests/unit/backend/<subject>/samples.py`.

A sample's `ready` makes what the act needs. `good` must do something, and `bad` must be refused with a clear error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from types import ModuleType

from seon.backend.acting.actors import Actor

_BACKEND = Path(__file__).parents[1]


def nothing() -> None:
    """Make nothing ready."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How an act is called in the test of all acts."""

    good: Callable[[Actor], object]
    bad: Callable[[Actor], object]
    ready: Callable[[], object] = nothing
    told: str = ""
    """What stands in the audit entry of the good call, beside who and which act."""


def all_samples() -> dict[str, Sample]:
    """Return the samples of every subject by the name of the act."""
    found: dict[str, Sample] = {}
    for path in sorted(_BACKEND.glob("*/samples.py")):
        if path != Path(__file__):
            mine = _load(path).SAMPLES
            assert not set(mine) & set(found), f"{path}: a sample is there twice"
            found |= mine
    return found


def _load(path: Path) -> ModuleType:
    spec = util.spec_from_file_location(f"samples_of_{path.parent.name}", path)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
