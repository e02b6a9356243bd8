"""The addresses of the page "Queue", below `/panel/`."""

from seon.backend.panel.queue.views import QueuePage

urlpatterns = [QueuePage.at("configuration/queue/", "queue")]
