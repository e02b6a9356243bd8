"""The forms of clients and ports by themselves; their pages are tested in test_client.py."""

from seon.backend.acting.actors import owner
from seon.backend.panel.proxies.forms import NewClientForm, NewListenerForm
from seon.backend.partners.actions import add_partner
from seon.backend.proxies.actions import add_client


def test_each_field_of_a_client_says_what_may_stand_there() -> None:
    fields = NewClientForm().fields
    assert list(fields) == ["name", "address", "receive_daemon_host", "receive_daemon_port"]
    assert fields["receive_daemon_host"].label == "Hostname or IP address of host running Seon receive daemon"
    assert "::1 counts as 127.0.0.1" in str(fields["address"].help_text)
    assert "1 to 65535" in str(fields["receive_daemon_port"].help_text)


def test_a_port_leads_to_one_of_the_partners() -> None:
    add_partner(owner(), "acme", "Acme <b>", ["O0013ACME"], [])
    form = NewListenerForm(about=add_client(owner(), "inside1", "10.0.0.5"))
    assert 'value="acme">acme (Acme &lt;b&gt;)</option>' in str(form["partner"])
    assert form.initial["address"] == "127.0.0.1"
