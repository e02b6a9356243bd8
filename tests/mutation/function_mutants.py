"""One wrong operation at a time in the verifier's functions: mutmut thinks them out, `run.py` runs them.

mutmut's own runner starts pytest for each mutant and guesses which tests it needs. Here the tests are loaded already,
and a mutant is the code of a function, put in place of the right one.
"""

import ast
import difflib
import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from mutmut.mutation.file_mutation import mutate_file_contents

from mutation.mutant import Mutant, NotLoadedError
from seon.oftp2 import (
    blanking,
    codec,
    conversation,
    crosschecks,
    data,
    demands,
    fields,
    fixed,
    framing,
    layouts,
    negotiation,
    observer,
    phases,
    reasons,
    rules,
    transcript,
    transfer,
)

_MODULES = (
    blanking, codec, conversation, crosschecks, data, demands, fields, fixed, framing, layouts, negotiation, observer,
    phases, reasons, rules, transcript, transfer,
)  # fmt: skip
_MUTANT = re.compile(r"x(?:_|ǁ(?P<owner>\w+)ǁ)(?P<name>\w+?)__mutmut_(?P<number>\d+|orig)")
_LEFT_OUT = {"as_markdown"}
"""What draws the documentation; tests/unit/test_documentation.py compares it, and would notice each changed table."""
_MOST = 160
"""Characters of the changed lines in a mutant's name."""


def mutants() -> Iterator[Mutant]:
    """Yield all of them."""
    for module in _MODULES:
        path = str(module.__file__)
        mutated = ast.parse(mutate_file_contents(path, Path(path).read_text()).code)
        right: dict[tuple[str, str], str] = {}
        for definition in (node for node in ast.walk(mutated) if isinstance(node, ast.FunctionDef)):
            found = _MUTANT.fullmatch(definition.name)
            if not found:
                continue
            owner, name = found["owner"] or "", found["name"]
            if name in _LEFT_OUT:
                continue
            definition.name, definition.decorator_list = name, []
            text = ast.unparse(definition)
            if found["number"] == "orig":
                right[owner, name] = text
                continue
            place = ".".join(filter(None, (module.__name__.removeprefix("seon.oftp2."), owner, name)))
            yield Mutant(f"{place}: {_change(right[owner, name], text)}", _swap(module, owner, name, definition))


def _change(right: str, wrong: str) -> str:
    """Return what differs, as the name of a mutant: it must say the same when other code has changed."""
    lines = [line for line in difflib.ndiff(right.splitlines(), wrong.splitlines()) if line[0] in "+-"]
    old, new = (" ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    start = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    start = max(0, start - 40) if len(old) + len(new) > _MOST else 0
    cut = _MOST // 2
    return f"{old[start:][:cut]} => {new[start:][:cut]}"


def _swap(module: ModuleType, owner: str, name: str, definition: ast.FunctionDef) -> Callable[[], None]:
    def apply() -> None:
        right = _function(vars(vars(module)[owner] if owner else module)[name])
        names = dict(vars(module))
        exec(compile(ast.Module([definition], []), str(module.__file__), "exec"), names)  # our own source
        wrong = names[name]
        right.__defaults__, right.__kwdefaults__ = wrong.__defaults__, wrong.__kwdefaults__
        right.__code__ = wrong.__code__
        try:
            make_anew()
        except Exception as error:
            raise NotLoadedError(str(error)) from error

    return apply


def _function(thing: Any) -> FunctionType:
    """Return the function behind a property, a static or class method, or a cache."""
    match thing:
        case property():
            return _function(thing.fget)
        case staticmethod() | classmethod():
            return _function(thing.__func__)
        case functools.cached_property():
            return _function(thing.func)
    return _function(thing.__wrapped__) if hasattr(thing, "__wrapped__") else thing


def make_anew() -> None:
    """Make anew what the verifier makes once and keeps."""
    layouts._layout.cache_clear()
    layouts.length_bounds.cache_clear()
    fixed.fixed_records.cache_clear()
    blanking._SECRETS.clear()
    blanking._SECRETS.update({code: secret for code in layouts.FORMS if (secret := blanking._secret_of(code))})
    for ends, steps in ((False, data._STREAM_STEPS), (True, data._RECORD_STEPS)):
        steps.update({compression: data._steps(compression=compression, ends=ends) for compression in steps})
