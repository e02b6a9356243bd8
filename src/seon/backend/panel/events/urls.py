"""The addresses of the page "Events", below `/panel/`."""

from seon.backend.panel.events.views import EventsPage

urlpatterns = [EventsPage.at("configuration/events/", "events")]
