"""The addresses of the page "Files", below `/panel/`."""

from seon.backend.panel.files.views import FilesPage

urlpatterns = [FilesPage.at("files/", "files")]
