"""The addresses of the page "Background jobs", below `/panel/`."""

from seon.backend.panel.jobs.views import JobsPage

urlpatterns = [JobsPage.at("jobs/", "jobs")]
