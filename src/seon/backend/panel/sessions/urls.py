"""The addresses of the sessions, below `/panel/`. What a session is called, its programs say: a path of any kind."""

from seon.backend.panel.sessions.one import SessionPage
from seon.backend.panel.sessions.views import PastSessionsPage, SessionsPage

urlpatterns = [
    SessionsPage.at("sessions/", "sessions"),
    PastSessionsPage.at("sessions/past/", "sessions-past"),
    SessionPage.at("sessions/<path:session>/", "session"),
]
