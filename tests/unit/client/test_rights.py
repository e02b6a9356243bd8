"""A right is there only while Seonapi gives it."""

from seon.client.rights import Rights

ID = "ab" * 32 + "px"


def test_nothing_is_allowed_before_seonapi_has_allowed_it() -> None:
    assert f"seonapi license issue {ID}" in Rights().to_link(ID, "0A")


def test_the_licenses_of_the_enrolment_count_until_a_configuration_has_come() -> None:
    rights = Rights()
    rights.enrolled(["0A"])
    assert rights.to_link(ID, "0A") == ""
    rights.configured(["0B"])
    assert rights.to_link(ID, "0B") == ""
    assert "serial 0A is not in force" in rights.to_link(ID, "0A")
    rights.enrolled(["0A"])
    assert not rights.holds("0A"), "a renewal is not newer than the configuration"


def test_a_client_that_seonapi_refuses_links_to_nobody_until_it_is_taken_back() -> None:
    rights = Rights()
    rights.enrolled(["0A"])
    rights.refused = True
    assert "Seonapi refuses this client" in rights.to_link(ID, "0A")
    rights.refused = False
    assert rights.to_link(ID, "0A") == ""
