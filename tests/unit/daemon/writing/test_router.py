"""Levels and places are inherited along the dots, over the program's name, to root."""

import pytest

from seon.daemon.writing.router import route, routes, silent, way
from seon.daemon.writing.settings import CategorySettings, Settings
from seon.process.levels import CATEGORIES, Level


def settings(*categories: CategorySettings) -> Settings:
    return Settings(categories={category.name: category for category in categories})


def test_the_way_leads_along_the_dots_over_the_program_to_root() -> None:
    assert list(way("session.oftp2")) == ["session.oftp2", "session", "", "root"]


def test_without_any_settings_everything_from_info_on_goes_to_the_daily_file() -> None:
    found = routes(Settings())
    assert set(found) == set(CATEGORIES)
    assert {(where.level, where.appenders) for where in found.values()} == {(Level.INFO, ("seon_appender",))}


@pytest.mark.parametrize("name", ["session.oftp2", "session", "", "root"])
def test_the_nearest_level_counts(name) -> None:
    farther = [CategorySettings(step, Level.ERROR) for step in ("root", "", "session", "session.oftp2")]
    chosen = [CategorySettings(name, Level.TRACE)]
    nearer = list(way("session.oftp2"))[: list(way("session.oftp2")).index(name)]
    found = route(settings(*(c for c in farther if c.name not in nearer), *chosen), "session.oftp2")
    assert found.level is Level.TRACE


def test_a_line_goes_to_all_appenders_on_its_way_once_each() -> None:
    found = route(
        settings(
            CategorySettings("root", appender="a"), CategorySettings("session", appender="b"),
            CategorySettings("session.oftp2", appender="a"),
        ), "session.oftp2",
    )  # fmt: skip
    assert found.appenders == ("a", "b")


def test_where_additivity_is_false_the_way_of_appenders_ends_and_not_that_of_levels() -> None:
    found = route(
        settings(
            CategorySettings("root", Level.DEBUG, appender="a"),
            CategorySettings("session", appender="b", additive=False),
        ), "session.oftp2",
    )  # fmt: skip
    assert found.appenders == ("b",)
    assert found.level is Level.DEBUG


def test_one_category_with_a_place_of_its_own_takes_nothing_from_the_others() -> None:
    found = routes(settings(CategorySettings("file", appender="files.log")))
    assert found["file"].appenders == ("files.log",)
    assert found["session"].appenders == ("seon_appender",)


def test_a_category_can_be_silenced_but_not_the_log_about_itself() -> None:
    found = routes(settings(CategorySettings("", additive=False)))
    assert silent(found) == [category for category in CATEGORIES if category != "log"]
    assert found["log"].appenders == ("seon_appender",)


def test_root_has_no_parent_whatever_its_additivity_says() -> None:
    assert silent(routes(settings(CategorySettings("root", additive=False)))) == []
