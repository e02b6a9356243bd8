"""The addresses of the audit, below `/panel/`."""

from seon.backend.panel.audit.views import AuditEntryPage, AuditExportPage, AuditPage

urlpatterns = [
    AuditPage.at("audit/", "audit"),
    AuditEntryPage.at("audit/<int:number>/", "audit-entry"),
    AuditExportPage.at("audit/export.<str:form>", "audit-export"),
]
