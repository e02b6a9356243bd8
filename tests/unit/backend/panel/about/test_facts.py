"""Versions and places are those of what runs."""

import platform

import django

from seon.backend.home import Home
from seon.backend.panel.about.facts import DOCUMENTS, places, programs, versions
from seon.build import this_build


def test_versions_are_those_that_run() -> None:
    said = {fact.name: fact.value for fact in versions()}
    assert said["Seonapi"] == str(this_build())
    assert said["Python"].endswith(platform.python_version())
    assert said["Django"] == django.get_version()
    assert said["OpenSSL"].startswith("OpenSSL ")
    assert said["Database"].startswith("SQLite 3.")


def test_places_are_those_of_this_installation(home: Home) -> None:
    said = {fact.name: fact.value for fact in places()}
    assert said["Home"] == str(home.path)
    assert said["Database"] == str(home.database_file)
    assert said["API log"] == str(home.log_directory / "seonapi.log")


def test_without_a_client_there_are_no_programs_and_every_document_is_there() -> None:
    assert list(programs()) == []
    assert all(name.endswith(".md") and str(about) for name, about in DOCUMENTS)
