"""Loading Django for a command."""

import os
from pathlib import Path

from seon.backend.errors import OperatorError
from seon.backend.home import SECRET_VARIABLE, VARIABLE, Home, current_home


def choose_home(directory: str | None) -> Home:
    """Let --home, if given, stand in the place of SEON_HOME, and keep what this process writes to itself.

    Raises OperatorError when neither is given.
    """
    os.umask(0o077)
    if directory is not None:
        os.environ[VARIABLE] = directory
    return current_home()


def secret_file_of(home: Home) -> Path:
    """Return where the master key is."""
    return Path(os.environ.get(SECRET_VARIABLE) or home.secret_file)


def load_django() -> None:
    """Set Django up for the chosen installation. Raises OperatorError."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "seon.backend.settings"
    import django  # noqa: PLC0415 - reads the environment

    try:
        django.setup()
    except ImportError as error:
        raise OperatorError(
            f"Seonapi is not installed completely ({error}): install seon-smartproxy[backend]"
        ) from None
