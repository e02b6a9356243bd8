"""For all tests: helpers in `tests/` are importable by their path below it (`functional.harness`)."""

import sys
from pathlib import Path

_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)
