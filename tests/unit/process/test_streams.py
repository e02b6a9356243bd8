"""Closed standard streams, in processes of their own."""

import os
import subprocess
import sys

import pytest

_CODE = """
import os, sys
from seon.process.streams import hold_standard_streams
hold_standard_streams()
first = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("printed")
sys.stderr.write("complained")
os.write(first, repr((first > 2, [os.readlink(f"/proc/self/fd/{n}") for n in CLOSED], [os.get_inheritable(n) for n in
         range(3)])).encode())
"""


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_nothing_else_gets_the_number_of_a_closed_standard_stream(tmp_path, closed: tuple[int, ...]) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    file = tmp_path / "file"
    done = subprocess.run(
        [sys.executable, "-c", _CODE.replace("CLOSED", str(closed)), file],
        preexec_fn=close, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=30, check=True,
    )  # fmt: skip
    assert eval(file.read_text()) == (True, [os.devnull] * len(closed), [True] * 3)
    assert done.stdout == ("" if 1 in closed else "printed\n")
    assert done.stderr == ("" if 2 in closed else "complained")


def test_open_streams_stay_as_they_are(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.replace("CLOSED", "()"), tmp_path / "file"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("printed\n", "complained")
