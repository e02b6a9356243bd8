"""One wrong entry at a time in the verifier's tables: what mutation tools leave alone, since it is data.

A mutant changes tables that are already loaded, and what is derived from them. It is applied in a process of its own.
"""

import ast
import gc
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from seon.oftp2 import (
    codec,
    commands,
    conversation,
    crosschecks,
    data,
    declining,
    demands,
    framing,
    judge,
    layouts,
    negotiation,
    observer,
    phases,
    reasons,
    rules,
    transfer,
)
from seon.oftp2 import fields as field_kinds
from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.fields import Field
from seon.oftp2.rules import Rule, Severity

SURVIVORS: tuple[tuple[str, str], ...] = (
    # Constants from which a table is made when the module is loaded. The tables are changed entry by entry.
    (r"layouts\._CIPHERS: .*", "read once"),
    (r"data\._COUNTS: .* of 257", "read once"),
    (r"data\._LEAP: .*", "read once"),
    (r"transfer\.NO_LIMIT: .*", "no EFID can count so far"),
    # The slower way comes to the same. docs/benchmarks.md has how fast each is.
    (r"observer\._FIRST_DATA: 268435462", "the buffer is taken by itself"),
    (r"data\._FOUR: 25[57]", "subrecords are taken one by one"),
    # No other value ever comes there.
    (r"fields\._DIGITS \[0-9\]\*\\Z", "no field of digits is empty"),
    (r"layouts\._OLD_ESID: 5", "an ESID of 5 octets fits no level"),
    (
        r"conversation\._HANDLERS ReadyToReceive: as ChangeDirection",
        "the receipt before RTR has changed what CD changes",
    ),
)
"""The mutants that no test notices, as patterns of their names, each with the reason."""


@dataclass(frozen=True)
class Mutant:
    """One change. `apply` makes it in this process, for good."""

    id: str
    apply: Callable[[], None]


def mutants() -> Iterator[Mutant]:
    """Yield all of them."""
    yield from _of_the_state_table()
    yield from _of_the_named_violations()
    yield from _of_the_rules()
    yield from _of_the_layouts()
    yield from _of_the_forms()
    yield from _of_the_reasons()
    yield from _of_the_small_tables()
    yield from _of_the_numbers()


def rebind(old: object, new: object) -> None:
    """Put `new` wherever a module has `old` under a name."""
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()) if isinstance(module, ModuleType) else ():
            if value is old:
                setattr(module, name, new)


def _again(module: ModuleType, names: Iterable[str]) -> None:
    """Evaluate the assignments to `names` once more in a module, and give the results to all who have the old ones."""
    tree = ast.parse(Path(str(module.__file__)).read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            old = vars(module)[node.targets[0].id]
            exec(compile(ast.Module([node], []), str(module.__file__), "exec"), vars(module))  # our own source
            rebind(old, vars(module)[node.targets[0].id])


# --- phases.py --------------------------------------------------------------------------------------------------------


def _with_table(table: tuple[phases.Row, ...]) -> Callable[[], None]:
    def apply() -> None:
        rebind(phases.TABLE, table)
        _again(phases, ("NEXT", "_LEGAL", "_FLOOR"))

    return apply


def _of_the_state_table() -> Iterator[Mutant]:
    names = [form.name for form in layouts.FORMS.values()] + ["DATA"]
    for index, row in enumerate(phases.TABLE):
        own = f"phases.TABLE {row.phase.name} {row.sender.name} {row.command} {row.when.name}".rstrip()
        others = phases.TABLE[:index], phases.TABLE[index + 1 :]
        yield Mutant(f"{own}: dropped", _with_table(others[0] + others[1]))
        changes: list[tuple[str, phases.Row]] = [
            *((f"next {phase.name}", replace(row, next=phase)) for phase in phases.Phase),
            *((f"sender {role.name}", replace(row, sender=role)) for role in phases.Role),
            *((f"command {name}", replace(row, command=name)) for name in names),
            *((f"phase {phase.name}", replace(row, phase=phase)) for phase in phases.Phase),
            *((f"when {when.name}", replace(row, when=when)) for when in phases.When),
        ]
        for text, changed in changes:
            if changed != row:
                yield Mutant(f"{own}: {text}", _with_table((*others[0], changed, *others[1])))


def _of_the_named_violations() -> Iterator[Mutant]:
    for table_name in ("_NAMED", "_NAMED_BY_FLOOR"):
        table: dict[Any, str] = vars(phases)[table_name]
        for key in table:
            words = " ".join(getattr(part, "name", part) for part in key)
            yield Mutant(f"phases.{table_name} {words}: dropped", lambda table=table, key=key: _drop(table, key))
            yield Mutant(
                f"phases.{table_name} {words}: SEQ-END", lambda table=table, key=key: _set(table, key, "SEQ-END")
            )


def _drop(table: Any, key: Any) -> None:
    del table[key]


def _set(table: Any, key: Any, value: Any) -> None:
    table[key] = value


# --- rules.py ---------------------------------------------------------------------------------------------------------


def _with_rule(key: str, rule: Rule | None) -> Callable[[], None]:
    def apply() -> None:
        (underlying,) = gc.get_referents(rules.RULES)
        if rule is None:
            del underlying[key]
        else:
            underlying[key] = rule
        rebind(rules._TABLE, tuple(underlying.values()))

    return apply


def _of_the_rules() -> Iterator[Mutant]:
    for key, rule in rules.RULES.items():
        yield Mutant(f"rules {key}: dropped", _with_rule(key, None))
        for severity in Severity:
            if severity is not rule.default:
                yield Mutant(f"rules {key}: default {severity.value}", _with_rule(key, replace(rule, default=severity)))
            if severity is not rule.strict:
                yield Mutant(f"rules {key}: strict {severity.value}", _with_rule(key, replace(rule, strict=severity)))
        yield Mutant(f"rules {key}: hard {not rule.hard}", _with_rule(key, replace(rule, hard=not rule.hard)))
        for reason in reasons.EndReason:
            if reason is not rule.reason:
                yield Mutant(f"rules {key}: reason {reason:02d}", _with_rule(key, replace(rule, reason=reason)))
        yield Mutant(f"rules {key}: no meaning", _with_rule(key, replace(rule, meaning="")))


# --- layouts.py -------------------------------------------------------------------------------------------------------


def _with_layout(code: int, level: int, walk: tuple[Field, ...] | None) -> Callable[[], None]:
    def apply() -> None:
        form = layouts.FORMS[code]
        changed = replace(form, layout=lambda of: walk if of == level else form.layout(of))
        layouts.FORMS[code] = layouts.FORM_OF[form.type] = changed
        layouts._layout.cache_clear()
        layouts.length_bounds.cache_clear()

    return apply


def _of_the_layouts() -> Iterator[Mutant]:
    for form in layouts.FORMS.values():
        for level in layouts.LEVELS:
            own = f"layouts {form.name} {level}"
            try:
                walk = layouts.layout(form.code, level)
            except InvalidBufferError:
                yield Mutant(f"{own}: exists", _with_layout(form.code, level, ()))
                continue
            yield Mutant(f"{own}: does not exist", _with_layout(form.code, level, None))
            more = (*walk, field_kinds.Octets("MORE", 1))
            yield Mutant(f"{own}: a field more", _with_layout(form.code, level, more))
            for index, field in enumerate(walk):
                without = walk[:index] + walk[index + 1 :]
                yield Mutant(f"{own} {field.name}: dropped", _with_layout(form.code, level, without))
                if index + 1 < len(walk):
                    swapped = (*walk[:index], walk[index + 1], field, *walk[index + 2 :])
                    yield Mutant(f"{own} {field.name}: after the next", _with_layout(form.code, level, swapped))
                for text, changed in _changed_fields(field):
                    new = (*walk[:index], changed, *walk[index + 1 :])
                    yield Mutant(f"{own} {field.name}: {text}", _with_layout(form.code, level, new))


def _changed_fields(field: Field) -> Iterator[tuple[str, Field]]:
    if field.width is not None:
        for width in (field.width - 1, field.width + 1):
            yield f"width {width}", replace(field, width=width)
    yield from _other_kinds(field)
    for one in fields(field):
        value = getattr(field, one.name)
        if one.name == "width" or (one.name == "attribute" and not value):
            continue
        for changed in _other_values(value):
            yield f"{one.name} {changed!r}", replace(field, **{one.name: changed})


def _other_kinds(field: Field) -> Iterator[tuple[str, Field]]:
    common = {"name": field.name, "width": field.width, "attribute": field.attribute, "tail": field.tail}
    kinds: list[type[Field]] = [
        field_kinds.Alnum, field_kinds.Number, field_kinds.Reserved, field_kinds.YesNo, field_kinds.Date,
        field_kinds.Time, field_kinds.Text, field_kinds.Octets, field_kinds.Count, field_kinds.Terminator,
    ]  # fmt: skip
    for kind in kinds:
        if type(field) is not kind:
            yield f"a {kind.__name__}", kind(**common, secret=field.secret)


def _other_values(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value - 1, value + 1)
    elif isinstance(value, str):
        yield from {"", value + "Q"} - {value}
    elif isinstance(value, bytes):
        yield value[:-1] + bytes([value[-1] ^ 1])
    elif isinstance(value, frozenset):
        for one in sorted(value):
            yield value - {one}
        missing = next(number for number in range(2, 100) if number not in value)
        yield value | {missing}
    elif isinstance(value, tuple):
        for one in value:
            yield tuple(other for other in value if other != one)
        yield (*value, "Q")


def _of_the_forms() -> Iterator[Mutant]:
    for code, form in list(layouts.FORMS.items()):
        yield Mutant(f"layouts.FORMS {form.name}: dropped", lambda code=code: _drop(layouts.FORMS, code))
        yield Mutant(f"layouts.FORMS {form.name}: another octet", lambda code=code: _other_octet(code))
        yield Mutant(f"layouts.FORMS {form.name}: another name", lambda form=form: _form(replace(form, name="QQQQ")))
        other = commands.ReadyToReceive if form.type is not commands.ReadyToReceive else commands.ChangeDirection
        yield Mutant(
            f"layouts.FORMS {form.name}: another type", lambda form=form, other=other: _form(replace(form, type=other))
        )


def _other_octet(code: int) -> None:
    form = layouts.FORMS.pop(code)
    _form(replace(form, code=ord("Z")))


def _form(form: layouts.Form) -> None:
    layouts.FORMS[form.code] = form
    layouts.FORM_OF[form.type] = form
    layouts._layout.cache_clear()
    layouts.length_bounds.cache_clear()


# --- reasons.py -------------------------------------------------------------------------------------------------------


def _of_the_reasons() -> Iterator[Mutant]:
    functions = [
        reasons.end_reasons,
        reasons.start_answer_reasons,
        reasons.end_answer_reasons,
        reasons.negative_reasons,
    ]
    for function in functions:
        for level in layouts.LEVELS:
            if function is reasons.negative_reasons and level < 4:
                continue
            known = function(level)
            for code in (*sorted(known), *sorted({7, 15, 24, 98} - known)):
                text = "dropped" if code in known else "added"
                yield Mutant(
                    f"reasons.{function.__name__} {level} {code:02d}: {text}",
                    lambda function=function, level=level, code=code: _toggle(function, level, code),
                )
    for name in ("_END_TEXTS", "_ANSWER_TEXTS", "_NEGATIVE_TEXTS"):
        table = vars(reasons)[name]
        for code in table:
            yield Mutant(f"reasons.{name} {code:02d}: dropped", lambda table=table, code=code: _drop(table, code))
            yield Mutant(f"reasons.{name} {code:02d}: empty", lambda table=table, code=code: _set(table, code, ""))


def _toggle(function: Callable[[int], frozenset[int]], level: int, code: int) -> None:
    rebind(function, lambda of: function(of) ^ {code} if of == level else function(of))
    layouts._layout.cache_clear()


# --- what else is data ------------------------------------------------------------------------------------------------


def _of_the_small_tables() -> Iterator[Mutant]:
    for module, name in (
        (conversation, "_HANDLERS"),
        (crosschecks, "_CHECKS"),
        (demands, "_FIELDS"),
    ):
        table = vars(module)[name]
        for key in table:
            own = f"{module.__name__.removeprefix('seon.oftp2.')}.{name} {getattr(key, '__name__', key)}"
            yield Mutant(f"{own}: dropped", lambda table=table, key=key: _drop(table, key))
            for other, value in table.items():
                if value is not table[key]:
                    text = f"{own}: as {getattr(other, '__name__', other)}"
                    yield Mutant(text, lambda table=table, key=key, value=value: _set(table, key, value))
    early = conversation._EARLY_ENDS
    for reason in reasons.EndReason:
        text = "dropped" if reason in early else "added"
        yield Mutant(f"conversation._EARLY_ENDS {reason.name}: {text}", lambda reason=reason: early.__ixor__({reason}))
    for name in ("_X_SET", "_X_SET_SOFT"):
        yield from _of_the_character_set(name)
    for name, patterns in _PATTERNS.items():
        for pattern in patterns:
            yield Mutant(
                f"fields.{name} {pattern.decode()}", lambda name=name, pattern=pattern: _pattern(name, pattern)
            )


_PATTERNS = {
    "_DIGITS": (rb"[0-8]+\Z", rb"[1-9]+\Z", rb"[0-9]*\Z", rb"[0-9]+", rb"[0-9]+$", rb"[0-9-]+\Z"),
    "_PADDED": (rb" *[0-8]+\Z", rb" *[1-9]+\Z", rb" ?[0-9]+\Z", rb"[ 0-9]+\Z", rb" *[0-9]+", rb" *[0-9]+$"),
}


def _of_the_character_set(name: str) -> Iterator[Mutant]:
    known = vars(field_kinds)[name].pattern
    for part in (b"0-9", b"A-Z", b"a-z", b"_", b"/", rb"\-", rb".", b"&", b"(", b")", b" "):
        if part in known:
            without = known.replace(part, b"", 1)
            yield Mutant(f"fields.{name} without {part.decode()!r}", lambda without=without: _pattern(name, without))
    for more in (b"_", b"a-z", b":", b"\\0", b"+", b"\x80-\xff"):
        if more not in known:
            wider = known.replace(b"[", b"[" + more, 1)
            yield Mutant(f"fields.{name} with {more!r}", lambda wider=wider: _pattern(name, wider))
    yield Mutant(f"fields.{name} without the end", lambda: _pattern(name, known.removesuffix(rb"\Z")))


def _pattern(name: str, pattern: bytes) -> None:
    setattr(field_kinds, name, re.compile(pattern))


_VERIFIER = (
    conversation, crosschecks, data, declining, demands, framing, judge, layouts, negotiation, observer, reasons,
    transfer,
)  # fmt: skip
_OTHERS = (field_kinds, phases, rules)


def _of_the_numbers() -> Iterator[Mutant]:
    """Yield for each constant of a module one more and one less, and for octets one bit changed."""
    for module in (*_VERIFIER, *_OTHERS):
        for name, value in vars(module).items():
            if (
                type(value) not in (int, bytes, str, frozenset, tuple)
                or name.startswith("__")
                or name in {"TABLE", "_PAGE"}
            ):
                continue
            own = f"{module.__name__.removeprefix('seon.oftp2.')}.{name}"
            for changed in _other_values(value) if type(value) is not tuple or _plain(value) else ():
                short = repr(changed) if len(repr(changed)) < 40 else f"{repr(changed)[:30]}... of {len(changed)}"
                yield Mutant(f"{own}: {short}", lambda name=name, old=value, new=changed: _constant(name, old, new))


def _constant(name: str, old: object, new: object) -> None:
    """Change a constant in all modules that have it by its name."""
    for module in (*_VERIFIER, *_OTHERS, codec):
        if vars(module).get(name) == old:
            setattr(module, name, new)


def _plain(value: tuple[object, ...]) -> bool:
    return all(isinstance(one, int | str) for one in value)
