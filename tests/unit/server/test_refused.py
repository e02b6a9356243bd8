"""Refused certificates on their way inside: each once an hour, and few of many."""

import os

from seon.link import messages as m
from seon.net.ends import Caller
from seon.server.refused import A_MINUTE, AGAIN_SECONDS, MOST_KNOWN, RefusedCertificates

CALLER = Caller("192.0.2.1", "192.0.2.1:5", "192.0.2.9:6619")


class Scene:
    """A clock that the test moves, and who hears."""

    def __init__(self, *, heard: bool = True) -> None:
        self.now, self.heard = 0.0, heard
        self.said: list[m.CertificateRefused] = []
        self.certificates = RefusedCertificates(self.say, lambda: self.now)

    def say(self, message: m.CertificateRefused) -> bool:
        self.said.append(message)
        return self.heard

    def refuse(self, der: bytes) -> None:
        self.certificates.refused(der, CALLER, "UNKNOWN", "no partner has it")


def test_the_whole_certificate_goes_with_who_showed_it_and_why_it_was_refused() -> None:
    scene = Scene()
    scene.refuse(b"der")
    (said,) = scene.said
    told = said.certificate
    assert (told.der, told.source, told.verdict, told.reason) == (
        b"der", "192.0.2.1:5", "UNKNOWN", "no partner has it",
    )  # fmt: skip


def test_the_same_one_goes_once_an_hour() -> None:
    scene = Scene()
    for _ in range(3):
        scene.refuse(b"der")
    assert len(scene.said) == 1
    scene.now = AGAIN_SECONDS
    scene.refuse(b"der")
    assert len(scene.said) == 2


def test_of_a_flood_ten_a_minute_go_and_what_is_remembered_of_it_is_bounded() -> None:
    scene = Scene()
    for _ in range(10_000):
        scene.refuse(os.urandom(16))
    assert len(scene.said) == A_MINUTE
    scene.now = 60.0
    for _ in range(10_000):
        scene.refuse(os.urandom(16))
    assert len(scene.said) == 2 * A_MINUTE
    for _ in range(2 * MOST_KNOWN):
        scene.now += 6.0
        scene.refuse(os.urandom(16))
    assert len(scene.certificates._said) == MOST_KNOWN


def test_one_that_nobody_took_goes_again() -> None:
    scene = Scene(heard=False)
    scene.refuse(b"der")
    scene.refuse(b"der")
    assert len(scene.said) == 2


def test_one_that_is_too_large_or_none_at_all_does_not_go() -> None:
    scene = Scene()
    scene.refuse(bytes(20_001))
    scene.refuse(b"")
    assert not scene.said
    scene.certificates.refused(b"der", CALLER, "UNKNOWN", "x" * 1_000)
    assert len(scene.said[0].certificate.reason) == 500
