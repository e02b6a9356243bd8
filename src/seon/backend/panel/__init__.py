"""The administrative panel: Django's admin in the clothes of django-unfold."""
