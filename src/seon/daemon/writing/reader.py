"""From the octets of a settings file to its values, as log4c reads it (docs/logging.md, "Differences").

A file that cannot be understood raises; what can be passed over makes a warning and is passed over. As in log4c, the
order of elements does not matter, and of two elements with one name the later one adds to the first.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from seon.daemon.writing.elements import Element, parse
from seon.daemon.writing.priorities import PRIORITIES, priority
from seon.daemon.writing.settings import (
    DAILY,
    DEFAULT_MAXNUM,
    DEFAULT_MAXSIZE,
    MAX_MAXNUM,
    ROOT,
    AppenderSettings,
    AppenderType,
    CategorySettings,
    LayoutType,
    Settings,
    SettingsError,
)
from seon.daemon.writing.sizes import size
from seon.process.levels import CATEGORIES, Level

MAX_WARNINGS = 20
"""The rest is counted."""
MAX_RETENTION = 36_500
"""Days."""
MIN_BUFSIZE = 128
"""Less would cut every line before its text."""

_Name = TypeVar("_Name", bound=str)
_APPENDER_TYPES: tuple[AppenderType, ...] = get_args(AppenderType)
_LAYOUT_TYPES: tuple[LayoutType, ...] = get_args(LayoutType)
_BUILT_IN: dict[str, AppenderType] = {DAILY: DAILY, "stdout": "stream", "stderr": "stream", "syslog": "syslog"}
"""Names that are appenders without being declared, in log4c and here."""
_ATTRIBUTES = {
    "log4c": ("version", "cleanup"),
    "config": (),
    "category": ("name", "priority", "appender", "additivity"),
    "appender": (
        "name", "type", "layout", "logdir", "prefix", "rollingpolicy", "retention", "maxsize",
    ),
    "layout": ("name", "type"),
    "rollingpolicy": ("name", "type", "maxsize", "maxnum"),
    "bufsize": (), "debug": ("level",), "nocleanup": (), "cleanup": (), "reread": (),
}  # fmt: skip
_CONFIG = ("bufsize", "debug", "nocleanup", "cleanup", "reread")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says, and what was passed over in it, each with its line."""

    settings: Settings
    warnings: tuple[str, ...] = ()


def read(octets: bytes, program: str) -> Reading:
    """Read a settings file of `program` (seon_proxyserver, ...). Raises SettingsError if it cannot be understood."""
    root = parse(octets)
    if root.name != "log4c":
        raise SettingsError(f'the outermost element is "{root.name[:60]}", not "log4c"', root.line, 1)
    return _Reader(program).read(root)


@dataclass
class _Reader:
    program: str
    warnings: list[tuple[int, str]] = field(default_factory=list)
    passed_over: int = 0
    appenders_of_categories: dict[str, int] = field(default_factory=dict)
    """Names, and the line of the last category that names each."""

    def warn(self, line: int, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append((line, text))
        else:
            self.passed_over += 1

    def read(self, root: Element) -> Reading:
        self.check_attributes(root)
        named: dict[str, dict[str, Element]] = {
            kind: {} for kind in ("category", "appender", "layout", "rollingpolicy")
        }
        config = Element("config", {}, root.line)
        for child in root.children:
            if child.name not in named and child.name != "config":
                self.warn(child.line, f"unknown element <{child.name}>; it is passed over")
                continue
            self.check_attributes(child)
            if child.name == "config":
                config.children += child.children
            else:
                self.add_named(named[child.name], child)
        categories = self.categories(named["category"].values())
        appenders = self.appenders(named)
        settings = self.config(config, categories, appenders)
        warnings = [f"line {line}: {text}" for line, text in sorted(self.warnings)]
        if self.passed_over:
            warnings.append(f"{self.passed_over} more warnings are left out")
        return Reading(settings, tuple(warnings))

    def check_attributes(self, element: Element) -> None:
        known = _ATTRIBUTES[element.name]
        for name in element.attributes:
            if name not in known:
                self.warn(element.line, f'unknown attribute "{name}" of <{element.name}>; it is passed over')
        if element.text and element.name not in _CONFIG:
            self.warn(element.line, f"text in <{element.name}>; it is passed over")
        if element.name not in ("log4c", "config"):
            for child in element.children:
                self.warn(child.line, f"unknown element <{child.name}> in <{element.name}>; it is passed over")

    def add_named(self, named: dict[str, Element], element: Element) -> None:
        name = element.attributes.get("name", "")
        if not name:
            self.warn(element.line, f"<{element.name}> has no name; it is passed over")
        elif name in named:
            named[name].attributes.update(element.attributes)
            named[name].line = element.line
        else:
            named[name] = element

    # --- config ---------------------------------------------------------------------------------------------------

    def config(
        self, config: Element, categories: dict[str, CategorySettings], appenders: dict[str, AppenderSettings]
    ) -> Settings:
        found = {"bufsize": 0, "debug": 0, "nocleanup": 0, "cleanup": 0, "reread": 0}
        for child in config.children:
            if child.name not in _CONFIG:
                self.warn(child.line, f"unknown element <{child.name}> in <config>; it is passed over")
                continue
            self.check_attributes(child)
            text = child.attributes.get("level", child.text) if child.name == "debug" else child.text
            found[child.name] = self.size(child, child.name, text, 0)
            if child.name == "bufsize" and 0 < found["bufsize"] < MIN_BUFSIZE:
                self.warn(child.line, f"bufsize is less than {MIN_BUFSIZE}; {MIN_BUFSIZE} is taken")
                found["bufsize"] = MIN_BUFSIZE
        return Settings(found["bufsize"], found["debug"], found["reread"] > 0, categories, appenders)

    def size(self, element: Element, name: str, text: str | None, default: int, most: int | None = None) -> int:
        """Return a size in octets, or a number, which may have a unit, too: log4c reads both in one way."""
        if text is None:
            return default
        try:
            found = size(text)
        except ValueError:
            self.warn(element.line, f'{name} is "{text}", which is no number, alone or with KB, MB or GB; '
                                    f"{default} is taken")  # fmt: skip
            return default
        if most is not None and found > most:
            self.warn(element.line, f"{name} is more than {most}; {most} is taken")
            return most
        return found

    # --- categories -----------------------------------------------------------------------------------------------

    def categories(self, elements: Iterable[Element]) -> dict[str, CategorySettings]:
        found: dict[str, CategorySettings] = {}
        for element in elements:
            name = self.category_name(element)
            if name is None:
                continue
            found[name] = self.category(element, found.get(name, CategorySettings(name)))
        return found

    def category(self, element: Element, earlier: CategorySettings) -> CategorySettings:
        level = self.level(element) if "priority" in element.attributes else earlier.level
        appender = element.attributes.get("appender") or earlier.appender
        if appender:
            self.appenders_of_categories[appender] = element.line
        return CategorySettings(earlier.name, level, appender, self.additivity(element, earlier.additive))

    def category_name(self, element: Element) -> str | None:
        """Return a category's name without the program's, "" for the program itself; None if it is none of ours."""
        spoken = element.attributes["name"]
        first, _, rest = spoken.partition(".")
        if first in (self.program, f"{self.program}2"):  # the command has a 2, the files have none
            spoken = rest
        if spoken in ("", ROOT, *CATEGORIES):
            return spoken
        self.warn(element.line, f'there is no category "{element.attributes["name"]}"; known are '
                                f"{', '.join((ROOT, self.program, *CATEGORIES))}")  # fmt: skip
        return None

    def level(self, element: Element) -> Level | None:
        spoken = element.attributes["priority"]
        try:
            return priority(spoken)
        except LookupError:
            known = ", ".join(PRIORITIES)
            self.warn(
                element.line, f'"{spoken}" is no priority; the category inherits its parent\'s. Known are {known}'
            )
            return None

    def additivity(self, element: Element, earlier: bool) -> bool:
        spoken = element.attributes.get("additivity")
        if spoken is None:
            return earlier
        if spoken.lower() not in ("true", "false"):
            self.warn(element.line, f'additivity is "{spoken}", neither true nor false; it is passed over')
            return earlier
        return spoken.lower() == "true"

    # --- appenders ------------------------------------------------------------------------------------------------

    def appenders(self, named: dict[str, dict[str, Element]]) -> dict[str, AppenderSettings]:
        layouts = {name: self.layout_type(element) for name, element in named["layout"].items()}
        policies = {name: self.policy(element) for name, element in named["rollingpolicy"].items()}
        found = {name: self.appender(element, layouts, policies) for name, element in named["appender"].items()}
        for name, line in self.appenders_of_categories.items():
            if name in found:
                continue
            if name not in _BUILT_IN:
                self.warn(line, f'no appender "{name}" is declared; it becomes a stream, so a file of that name')
            found[name] = self.appender(Element("appender", {"name": name}, line), layouts, policies)
        return found

    def appender(
        self, element: Element, layouts: dict[str, LayoutType], policies: dict[str, tuple[int, int]]
    ) -> AppenderSettings:
        attributes = element.attributes
        name = attributes["name"]
        kind = self.one_of(element, attributes.get("type"), _APPENDER_TYPES, _BUILT_IN.get(name, "stream"), DAILY)
        plain: LayoutType = "seon_layout" if kind == DAILY else "basic"
        layout = self.layout(element, layouts, plain)
        maxsize, maxnum = 0, DEFAULT_MAXNUM
        if kind == "rollingfile":
            maxsize, maxnum = self.rolling(element, policies)
        elif kind == DAILY:
            maxsize = self.size(element, "maxsize", attributes.get("maxsize"), 0)
        if kind == "mmap":
            self.warn(element.line, f'appender "{name}": mmap is written as a plain file, which grows')
        retention = self.size(element, "retention", attributes.get("retention"), 0, MAX_RETENTION)
        logdir, prefix = attributes.get("logdir", ""), attributes.get("prefix", "")
        return AppenderSettings(name, kind, layout, logdir, prefix, maxsize, maxnum, retention)

    def layout(self, element: Element, layouts: dict[str, LayoutType], default: LayoutType) -> LayoutType:
        name = element.attributes.get("layout")
        if name in layouts:
            return layouts[name]
        return self.one_of(element, name, _LAYOUT_TYPES, default, "seon_layout")

    def layout_type(self, element: Element) -> LayoutType:
        name = element.attributes["name"]
        own: LayoutType = next((known for known in _LAYOUT_TYPES if known == name), "basic")
        return self.one_of(element, element.attributes.get("type"), _LAYOUT_TYPES, own, "seon_layout")

    def one_of(
        self, element: Element, spoken: str | None, known: Collection[_Name], default: _Name, instead: _Name
    ) -> _Name:
        """Return which of the known names is meant: `default` if there is none, `instead` if it is another one."""
        if spoken is None:
            return default
        for name in known:
            if name == spoken.lower():
                return name
        what = "layout" if known is _LAYOUT_TYPES else f"type of <{element.name}>"
        self.warn(element.line, f'unknown {what} "{spoken}"; {instead} is taken')
        return instead

    # --- rolling --------------------------------------------------------------------------------------------------

    def rolling(self, element: Element, policies: dict[str, tuple[int, int]]) -> tuple[int, int]:
        name = element.attributes.get("rollingpolicy")
        if name in policies:
            return policies[name]
        if name is not None:
            self.warn(element.line, f'no rollingpolicy "{name}" is declared; '
                                    f"{DEFAULT_MAXNUM} files of {DEFAULT_MAXSIZE // 1024} KB are kept")  # fmt: skip
        return DEFAULT_MAXSIZE, DEFAULT_MAXNUM

    def policy(self, element: Element) -> tuple[int, int]:
        """Return maxsize in octets and maxnum; as in log4c, 0 takes the default."""
        attributes = element.attributes
        self.one_of(element, attributes.get("type"), ("sizewin",), "sizewin", "sizewin")
        maxsize = self.size(element, "maxsize", attributes.get("maxsize"), DEFAULT_MAXSIZE) or DEFAULT_MAXSIZE
        maxnum = self.size(element, "maxnum", attributes.get("maxnum"), DEFAULT_MAXNUM, MAX_MAXNUM) or DEFAULT_MAXNUM
        return maxsize, maxnum
