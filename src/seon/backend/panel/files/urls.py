"""The addresses of the files, below `/panel/`."""

from seon.backend.panel.files.views import ExportPage, FilePage, FilesPage

urlpatterns = [
    FilesPage.at("files/", "files"),
    FilePage.at("files/<int:number>/", "file"),
    ExportPage.at("files/export.<str:form>", "files-export"),
]
