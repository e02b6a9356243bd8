"""What can be done with servers, clients and their listening ports."""

from django.core.exceptions import ValidationError

from seon.addresses import AddressError, client_address
from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.values import told
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import Listener, ProxyClient


@act("listener.add", Right.CONFIGURE)
def add_listener(_: Actor, client: str, port: int, partner: str, address: str = "127.0.0.1") -> Listener:
    """Add a listening port to a client named as `client_named` takes it.

    Raises OperatorError; nothing is stored then.
    """
    found = Partner.objects.filter(identifier=partner).first()
    if found is None:
        known = ", ".join(Partner.objects.values_list("identifier", flat=True)) or "none yet"
        raise OperatorError(f"There is no partner {partner!r}; there are: {known}")
    listener = Listener(client=client_named(client), port=port, partner=found, address=address)
    try:
        listener.save()
    except ValidationError as error:
        raise OperatorError(f"Listening port {port}: {told(error)}") from None
    return listener


@act("listener.remove", Right.CONFIGURE)
def remove_listener(_: Actor, client: str, port: int) -> None:
    """Remove a listening port. Raises OperatorError if there is none; no client was made then."""
    found = Listener.objects.filter(client=client_named(client), port=port).first()
    if found is None:
        raise OperatorError(f"The client {client} has no listening port {port}")
    found.delete()


def client_named(text: str) -> ProxyClient:
    """Return the client `NAME/ADDRESS`, made if it is new, or the known one of this name or address.

    Raises OperatorError.
    """
    name, separator, entered = text.partition("/")
    if not separator:
        return _known(text)
    try:
        address = client_address(entered)
        client, _ = ProxyClient.objects.get_or_create(name=name, defaults={"address": address})
    except AddressError as error:
        raise OperatorError(f"The client {name}: {error}") from None
    except ValidationError as error:
        raise OperatorError(f"The client {name}: {told(error)}") from None
    if client.address != address:
        raise OperatorError(f"The client {name} has the address {client.address}, not {address}")
    return client


def _known(text: str) -> ProxyClient:
    client = ProxyClient.objects.filter(name=text).first()
    if client is None:
        try:
            client = ProxyClient.objects.filter(address=client_address(text)).first()
        except AddressError:
            client = None
    if client is None:
        raise OperatorError(f"There is no client {text!r}: name it NAME/ADDRESS once, e.g. main/127.0.0.1")
    return client
