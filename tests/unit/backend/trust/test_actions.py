from seon.backend.acting.acts import all_acts


def test_the_acts_of_own_certificates_are_found() -> None:
    assert {name for name in all_acts() if name.startswith("certificate.")} == {
        "certificate.add", "certificate.back", "certificate.ca-add", "certificate.ca-remove", "certificate.remove",
        "certificate.rename", "certificate.request", "certificate.request-remove", "certificate.unplan",
        "certificate.use",
    }  # fmt: skip
