import tempfile
from pathlib import Path

from acting.samples import Sample

from seon.backend.apilog.actions import configure_log

PLACE = str(Path(tempfile.gettempdir()).resolve() / "there-is-no-such-api.log")

SAMPLES = {
    "log.configure": Sample(
        good=lambda by: configure_log(by, path=PLACE, level="DEBUG"),
        bad=lambda by: configure_log(by, path="/there/is/no/such/directory/api.log", level="debug"),
        told=PLACE,
    ),
}
