"""The addresses of the page "Sessions", below `/panel/`."""

from seon.backend.panel.sessions.views import SessionsPage

urlpatterns = [SessionsPage.at("sessions/", "sessions")]
