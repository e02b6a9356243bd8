"""The addresses of the page "Logging", below `/panel/`."""

from seon.backend.panel.logging.views import LoggingPage

urlpatterns = [LoggingPage.at("configuration/logging/", "logging")]
