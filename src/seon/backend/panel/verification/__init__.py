"""The panel's page "Verification"."""
