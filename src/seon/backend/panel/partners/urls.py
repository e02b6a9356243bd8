"""The addresses of the page "Partners", below `/panel/`.

An id may be "add", "try" or "..": so it never stands alone between slashes.
"""

from seon.backend.panel.partners.adding import AddPage
from seon.backend.panel.partners.tabs import (
    CertificatesTab,
    CodesTab,
    FilesTab,
    GeneralTab,
    HistoryTab,
    LimitsTab,
    SessionsTab,
    VerificationTab,
)
from seon.backend.panel.partners.trying import TryPage
from seon.backend.panel.partners.views import PartnersPage

_ONE = "partners/id-<str:identifier>/"
urlpatterns = [
    PartnersPage.at("partners/", "partners"),
    AddPage.at("partners/add/", "partner-add"),
    TryPage.at("partners/try/", "partner-try"),
    GeneralTab.at(_ONE, "partner"),
    CertificatesTab.at(f"{_ONE}certificates/", "partner-certificates"),
    CodesTab.at(f"{_ONE}codes/", "partner-codes"),
    VerificationTab.at(f"{_ONE}verification/", "partner-verification"),
    LimitsTab.at(f"{_ONE}limits/", "partner-limits"),
    SessionsTab.at(f"{_ONE}sessions/", "partner-sessions"),
    FilesTab.at(f"{_ONE}files/", "partner-files"),
    HistoryTab.at(f"{_ONE}history/", "partner-history"),
]
