"""Write into a wheel or source archive which build it is: `seon._build` (see src/seon/build.py)."""

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACES = {"wheel": "seon/_build.py", "sdist": "src/seon/_build.py"}


class BuildHook(BuildHookInterface):
    """Runs for each target. An editable installation gets no file: it asks git, whose answer changes."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to what is built."""
        root = Path(self.root)
        if version == "editable" or (root / PLACES["sdist"]).exists():  # from a source archive it is there already
            return
        build, commit = runpy.run_path(str(root / "src/seon/build.py"))["from_git"](root)
        self._directory = tempfile.TemporaryDirectory()
        file = Path(self._directory.name) / "_build.py"
        file.write_text(f'"""Written by hatch_build.py."""\n\nBUILD = "{build}"\nCOMMIT = "{commit}"\n')
        build_data["force_include"][str(file)] = PLACES[self.target_name]

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove our copy of the file."""
        if hasattr(self, "_directory"):
            self._directory.cleanup()
