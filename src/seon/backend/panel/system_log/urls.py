"""The addresses of the page "System log", below `/panel/`."""

from seon.backend.panel.system_log.views import SystemLogPage

urlpatterns = [SystemLogPage.at("system-log/", "system-log")]
