"""Adding and removing a client's listening ports."""

from django.core.exceptions import ValidationError
from django.db import transaction

from seon.addresses import identifying
from seon.backend.errors import OperatorError
from seon.backend.partners.models import Partner
from seon.backend.proxies.models import Listener, ProxyClient


def add_listener(client: str, port: int, partner: str, address: str = "127.0.0.1") -> Listener:
    """Add a listening port to a client named as `client_named` takes it.

    Raises OperatorError; nothing is stored then.
    """
    found = Partner.objects.filter(identifier=partner).first()
    if found is None:
        known = ", ".join(Partner.objects.values_list("identifier", flat=True)) or "none yet"
        raise OperatorError(f"There is no partner {partner!r}; there are: {known}")
    try:
        with transaction.atomic():
            listener = Listener(client=client_named(client), port=port, partner=found, address=address)
            listener.save()
    except ValidationError as error:
        raise OperatorError(f"Listening port {port}: {'; '.join(error.messages)}") from None
    return listener


def remove_listener(client: str, port: int) -> None:
    """Remove a listening port. Raises OperatorError if there is none."""
    found = Listener.objects.filter(client=client_named(client), port=port).first()
    if found is None:
        raise OperatorError(f"The client {client} has no listening port {port}")
    found.delete()


def client_named(text: str) -> ProxyClient:
    """Return the client `NAME/ADDRESS`, made if it is new, or the known one of this name or address.

    Raises OperatorError, ValidationError.
    """
    name, separator, address = text.partition("/")
    if not separator:
        return _known(text)
    try:
        client, made = ProxyClient.objects.get_or_create(name=name, defaults={"address": address})
        same = made or client.address == str(identifying(address.strip()))
    except ValueError:
        raise OperatorError(f"{address!r} is not an IP address") from None
    if not same:
        raise OperatorError(f"The client {name} has the address {client.address}, not {address}")
    return client


def _known(text: str) -> ProxyClient:
    client = ProxyClient.objects.filter(name=text).first()
    if client is None:
        try:
            client = ProxyClient.objects.filter(address=str(identifying(text.strip()))).first()
        except ValueError:
            client = None
    if client is None:
        raise OperatorError(f"There is no client {text!r}: name it NAME/ADDRESS once, e.g. main/127.0.0.1")
    return client
