"""How the panel writes times, by language (Django's FORMAT_MODULE_PATH)."""
