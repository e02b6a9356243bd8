"""The addresses of the page "Verification" with its tabs, below `/panel/`."""

from seon.backend.panel.verification.views import AdmissionPage, DemandsPage, RulesPage

urlpatterns = [
    RulesPage.at("configuration/verification/", "verification"),
    DemandsPage.at("configuration/verification/demands/", "verification-demands"),
    AdmissionPage.at("configuration/verification/admission/", "verification-admission"),
]
