"""The addresses of the system log, below `/panel/`."""

from seon.backend.panel.system_log.views import EntryPage, ExportPage, SystemLogPage

urlpatterns = [
    SystemLogPage.at("system-log/", "system-log"),
    EntryPage.at("system-log/<int:number>/", "system-log-entry"),
    ExportPage.at("system-log/export.<str:form>", "system-log-export"),
]
