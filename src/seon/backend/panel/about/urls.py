"""The addresses of the page "About", below `/panel/`."""

from seon.backend.panel.about.views import AboutPage

urlpatterns = [AboutPage.at("about/", "about")]
