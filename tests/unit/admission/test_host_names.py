"""A partner that is known by its host alone must have that name in its certificate."""

import pytest

from seon.admission.host_names import is_named


@pytest.mark.parametrize(
    ("host", "names", "named"),
    [
        ("oftp.example.com", ["oftp.example.com"], True),
        ("OFTP.Example.com.", ["x", "oftp.EXAMPLE.com"], True),
        ("oftp.example.com", ["*.example.com"], True),
        ("bücher.example.com", ["xn--bcher-kva.example.com"], True),
        ("oftp.example.com", [], False),
        ("oftp.example.com", ["example.com", "a.oftp.example.com"], False),
        ("a.oftp.example.com", ["*.example.com"], False),
        ("example.com", ["*.com"], False),
        ("example.com", ["*.example.com"], False),
        ("oftp.example.com", ["o*.example.com", "*", "*.*.com", "oftp.*.com"], False),
        ("192.0.2.1", ["192.0.2.1", "*.0.2.1"], False),
        ("2001:db8::1", ["2001:db8::1"], False),
        ("", ["", "*."], False),
        ("a..b", ["a..b"], False),
        ("x" * 64 + ".example.com", ["*.example.com"], False),
        ("localhost", ["localhost"], True),
    ],
)
def test_a_name_is_the_hosts_whole_or_by_a_wildcard_for_its_first_label(host, names, named) -> None:
    assert is_named(host, names) is named
