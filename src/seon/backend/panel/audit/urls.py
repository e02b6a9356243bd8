"""The addresses of the page "Audit", below `/panel/`."""

from seon.backend.panel.audit.views import AuditPage

urlpatterns = [AuditPage.at("audit/", "audit")]
