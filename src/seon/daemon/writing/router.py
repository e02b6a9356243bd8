"""Which category writes from which level on, and where. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from seon.daemon.writing.settings import DAILY, ROOT, CategorySettings, Settings
from seon.process.levels import CATEGORIES, Category, Level

PROGRAM = ""
"""The category of the program itself, between ours and root."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the lines of a category go."""

    level: Level
    """Lines below this are not written."""
    appenders: tuple[str, ...]
    """Names; a line is written once to each."""


def routes(settings: Settings) -> dict[Category, Route]:
    """Return the route of each category."""
    return {category: route(settings, category) for category in CATEGORIES}


def route(settings: Settings, category: Category) -> Route:
    """Return the route of a category.

    The level is that of the nearest category on the way to root that has one, else INFO. The appenders are all on
    that way, up to a category that is not additive. Where nobody names an appender, it is the daily file: a file
    that sets levels only, or one category only, must not lose the rest. A way that ends early without an appender
    writes nothing; the category `log` has the daily file even then, because it tells what is wrong with the settings.
    """
    level, found, ended = None, [], False
    for step in way(category):
        if (chosen := settings.categories.get(step, CategorySettings(step))).level and level is None:
            level = chosen.level
        if chosen.appender and not ended and chosen.appender not in found:
            found.append(chosen.appender)
        ended = ended or (not chosen.additive and step != ROOT)
    if not found and (not ended or category == "log"):
        found.append(DAILY)
    return Route(level or Level.INFO, tuple(found))


def way(category: Category) -> Iterator[str]:
    """Yield a category, its parents along the dots, the program, and root."""
    step: str = category
    while step:
        yield step
        step = step.rpartition(".")[0]
    yield PROGRAM
    yield ROOT


def silent(found: dict[Category, Route]) -> list[str]:
    """Return the categories that write nowhere."""
    return [category for category, where in found.items() if not where.appenders]
