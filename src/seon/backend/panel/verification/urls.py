"""The addresses of the page "Verification", below `/panel/`."""

from seon.backend.panel.verification.views import VerificationPage

urlpatterns = [VerificationPage.at("configuration/verification/", "verification")]
