"""The garbage collector, held back while Python code is parsed.

CPython 3.11 counts the depth of a tree in the interpreter, not in the call: if the collector runs while a tree is being
made, and a finalizer parses something too, `ast.parse` fails with SystemError "AST constructor recursion depth
mismatch" (gh-106905, measured with 3.11.7). The finalizer of an asyncio task that failed does that: it logs a
traceback, and the carets below its lines come from a parse.
"""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Collect nothing inside of this."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
