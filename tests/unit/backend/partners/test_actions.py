import threading
from collections.abc import Callable
from typing import Any

import pytest

from seon.backend.acting.actors import owner
from seon.backend.configuration.versioned import read_version
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import (
    add_certificates,
    add_codes,
    add_networks,
    add_partner,
    disable_partner,
    goes_along,
    remove_certificate,
    remove_codes,
    remove_networks,
    remove_partner,
    set_of_partner,
)
from seon.backend.partners.models import MOST_CODES, Partner, PartnerCertificate, PartnerCode
from seon.backend.proxies.actions import add_listener
from seon.backend.proxies.models import Listener

BY = owner()
PROVIDER = "a provider that serves several companies is one partner with several codes"


def codes_of(identifier: str) -> list[str]:
    return list(PartnerCode.objects.filter(partner__identifier=identifier).values_list("code", flat=True))


def test_a_partner_is_added_with_codes_and_its_own_certificate_of_a_file(certificate_of: Callable[..., Any]) -> None:
    ca = certificate_of("CA", ca=True)
    made = certificate_of("Partner one", issuer=ca)
    add_partner(BY, "P1", "One", ["O0013000000000000000P1", "A&B (X)-Y.Z'/"], [(ca.pem + made.pem).encode()])
    pinned = PartnerCertificate.objects.get()
    assert pinned.pem.encode() == made.pem.encode()
    assert pinned.subject == "CN=Partner one"


@pytest.mark.parametrize(
    ("identifier", "codes", "host", "port"),
    [
        ("P 1", [], "", 1),
        ("", [], "", 1),
        ("P\n", [], "", 1),
        ("P" * 65, [], "", 1),
        ("P1", ["O:1"], "", 1),
        ("P1", ["O" * 26], "", 1),
        ("P1", ["O1 "], "", 1),
        ("P1", ["O1\n"], "", 1),
        ("P1", ["O1", "O1"], "", 1),
        ("P1", [f"O{n}" for n in range(MOST_CODES + 1)], "", 1),
        ("P1", [], "http://x", 1),
        ("P1", [], "", 0),
    ],
)
def test_a_wrong_value_adds_nothing(identifier: str, codes: list[str], host: str, port: int) -> None:
    with pytest.raises(OperatorError, match="Partner"):
        add_partner(BY, identifier, "One", codes, [], host=host, port=port)
    assert not Partner.objects.exists()


def test_one_certificate_admits_one_partner_and_the_other_is_named(certificate_of: Callable[..., Any]) -> None:
    octets = certificate_of("Partner").pem.encode()
    add_partner(BY, "P1", "One", [], [octets])
    with pytest.raises(OperatorError, match=f"^Partner P2: .*a certificate of partner P1 already; {PROVIDER}"):
        add_partner(BY, "P2", "Two", [], [octets])
    with pytest.raises(OperatorError, match=r"is a certificate of P1 already$"):
        add_certificates(BY, "P1", [octets])
    assert list(Partner.objects.values_list("identifier", flat=True)) == ["P1"]


def test_a_code_may_be_in_lower_case_if_no_other_partner_has_it_in_capitals() -> None:
    add_partner(BY, "P1", "One", ["acme_1", "Acme_1"], [])
    assert codes_of("P1") == ["Acme_1", "acme_1"]
    told = "^Partner P2: ACME_1 is .cme_1, a code of partner P1, but for capitals: a station could take one for"
    with pytest.raises(OperatorError, match=told):
        add_partner(BY, "P2", "Two", ["ACME_1"], [])
    add_codes(BY, "P1", ["ACME_1"])


def test_a_code_is_one_partners_and_the_other_is_named() -> None:
    add_partner(BY, "P1", "One", ["O1"], [])
    add_partner(BY, "P2", "Two", ["O2"], [])
    with pytest.raises(OperatorError, match=f"^Partner P2: code: O1 is a code of partner P1 already; {PROVIDER}"):
        add_codes(BY, "P2", ["O3", "O1"])
    with pytest.raises(OperatorError, match=r"O2 is a code of P2 already$"):
        add_codes(BY, "P2", ["O2"])
    assert codes_of("P2") == ["O2"]


def test_a_code_of_a_disabled_partner_is_not_free() -> None:
    add_partner(BY, "P1", "One", ["O1"], [])
    disable_partner(BY, "P1")
    with pytest.raises(OperatorError, match="partner P1"):
        add_partner(BY, "P2", "Two", ["O1"], [])


def test_a_partner_is_added_once() -> None:
    add_partner(BY, "P1", "One", [], [])
    with pytest.raises(OperatorError, match="already exists"):
        add_partner(BY, "P1", "Another", [], [])


def test_what_goes_along_is_said_before_and_after_the_removal(certificate_of: Callable[..., Any]) -> None:
    add_partner(BY, "P1", "One", ["O1", "O2"], [certificate_of("Partner").pem.encode()])
    add_partner(BY, "P2", "Two", ["O3"], [])
    add_listener(BY, "main/127.0.0.1", 4_305, "P1")
    add_listener(BY, "main", 4_306, "P2")
    set_of_partner(BY, "P1", "rules.FLD-XPAD", "warn")
    said = goes_along("P1")
    assert said == {"rule": 1, "certificate": 1, "SSID codes": 2, "listening port": 1}
    assert remove_partner(BY, "P1") == said
    assert list(Listener.objects.values_list("port", flat=True)) == [4_306]
    assert goes_along("P2") == {"SSID code": 1, "listening port": 1}


def test_the_last_code_and_the_last_network_go_only_by_force_since_that_opens_more() -> None:
    add_partner(BY, "P1", "One", ["O1", "O2"], [], networks=["10.0.0.0/8"])
    remove_codes(BY, "P1", ["O2"])
    with pytest.raises(OperatorError, match="may show every code"):
        remove_codes(BY, "P1", ["O1"])
    with pytest.raises(OperatorError, match="may come from everywhere"):
        remove_networks(BY, "P1", ["10.0.0.0/8"])
    assert (codes_of("P1"), Partner.objects.get().networks) == (["O1"], "10.0.0.0/8")
    remove_codes(BY, "P1", ["O1"], force=True)
    remove_networks(BY, "P1", ["10.0.0.0/8"], force=True)
    assert (codes_of("P1"), Partner.objects.get().networks) == ([], "")


def test_a_network_is_kept_once_in_its_one_form() -> None:
    add_partner(BY, "P1", "One", [], [], networks=["10.0.0.5", "::ffff:192.0.2.0/120"])
    add_networks(BY, "P1", ["10.0.0.5/32", "2001:DB8::/48"])
    assert Partner.objects.get().networks.split() == ["10.0.0.5/32", "192.0.2.0/24", "2001:db8::/48"]
    with pytest.raises(OperatorError, match=r"has no network '10\.0\.0\.6/32'; it has: 10\.0\.0\.5/32, 192"):
        remove_networks(BY, "P1", ["10.0.0.6"])
    remove_networks(BY, "P1", ["10.0.0.5", "2001:db8:0::/48"])
    assert Partner.objects.get().networks == "192.0.2.0/24"


@pytest.mark.parametrize("spelling", [str.upper, lambda text: ":".join(text[n : n + 2] for n in range(0, 64, 2))])
def test_a_certificate_is_removed_by_its_sha_256_as_programs_show_it(
    certificate_of: Callable[..., Any], spelling: Callable[[str], str]
) -> None:
    one, other = certificate_of("One"), certificate_of("Other")
    add_partner(BY, "P1", "One", [], [one.pem.encode(), other.pem.encode()])
    gone, left = remove_certificate(BY, "P1", spelling(one.fingerprint))
    assert (gone.fingerprint, left) == (one.fingerprint, 1)
    assert PartnerCertificate.objects.get().fingerprint == other.fingerprint


@pytest.mark.parametrize("text", ["", "abcdef1", "not hexadecimal", "00000000"])
def test_a_certificate_that_is_not_there_is_not_removed(certificate_of: Callable[..., Any], text: str) -> None:
    add_partner(BY, "P1", "One", [], [certificate_of("One").pem.encode()])
    with pytest.raises(OperatorError, match="SHA-256"):
        remove_certificate(BY, "P1", text)
    assert PartnerCertificate.objects.exists()


def test_switching_off_what_is_off_changes_nothing() -> None:
    add_partner(BY, "P1", "One", [], [])
    disable_partner(BY, "P1")
    before = read_version()
    disable_partner(BY, "P1")
    assert read_version() == before


def test_of_two_partners_added_at_once_with_one_code_one_is_stored_and_the_other_refused() -> None:
    told: list[str] = []
    begin = threading.Barrier(4)

    def adding(number: int) -> None:
        from django.db import connection

        begin.wait()
        try:
            add_partner(BY, f"P{number}", "One of them", ["O1"], [])
        except OperatorError as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=adding, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Partner.objects.count() == 1
    assert len(told) == 3
    assert all("O1 is a code of partner P" in text for text in told), told
