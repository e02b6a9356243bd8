"""What the command that starts a client waits for."""

from typing import Literal

import msgspec

WaitFor = Literal["", "api", "linked"]
"""An answer of Seonapi, or the link to the server; "": a moment for both, and then the truth."""
USUAL_SECONDS = 5.0


class Wait(msgspec.Struct, frozen=True):
    """For what, and how many seconds at most."""

    what: WaitFor = ""
    seconds: float = USUAL_SECONDS
