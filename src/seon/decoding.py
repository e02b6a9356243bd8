"""Reading JSON that somebody else wrote: whatever is wrong with it, there is one exception.

msgspec leaves its own exceptions for octets that are not UTF-8 (UnicodeDecodeError) and for nesting of some hundred
levels (RecursionError: also in fields that are skipped or looked through for the tag). Both are a stranger's doing, so
neither may get past a handler that was written for malformed messages.
"""

from typing import TypeVar

import msgspec

M = TypeVar("M")


class MalformedError(msgspec.DecodeError):
    """The octets are not the message they should be; the text says why, and may hold a short value of it."""


def decode(decoder: msgspec.json.Decoder[M], octets: bytes) -> M:
    """Return the message. Raises MalformedError, and nothing else."""
    try:
        return decoder.decode(octets)
    except UnicodeDecodeError as error:
        raise MalformedError("not UTF-8") from error
    except RecursionError:
        raise MalformedError("nested too deeply") from None  # its trace is as long as the nesting is deep
    except msgspec.MsgspecError as error:
        raise MalformedError(str(error)[:200]) from error
