"""Paths of the client's API, below `api_messages.PATH`."""

from django.urls import path, re_path

from seon.backend.api import calls
from seon.backend.api.access import declared

urlpatterns = declared(
    [
        path("ca", calls.ca),
        path("enrol", calls.enrol),
        path("configuration", calls.configuration),
        path("sealed-key", calls.sealed_key),
        path("events", calls.events),
        path("crl-sources", calls.crl_sources),
        path("refused", calls.refused),
        path("live", calls.live),
        path("orders-done", calls.orders_done),
        re_path(r"^blobs/(?P<sha256>[0-9a-f]{64})\Z", calls.blob),
        re_path(r"^(?P<rest>.*)\Z", calls.no_such_call),
    ]
)
