"""Numbers of a settings file."""

_UNITS = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
MAX_DIGITS = 12
"""More is no number that anybody means, and keeps every product small."""


def size(text: str) -> int:
    """Return octets: a number, alone or with KB, MB or GB (1 KB is 1024 octets). Raises ValueError."""
    spoken = text.strip().upper()
    unit = _UNITS.get(spoken[-2:], 1)
    return number(spoken[:-2] if unit > 1 else spoken) * unit


def number(text: str) -> int:
    """Return a number that is not negative. Raises ValueError."""
    spoken = text.strip()
    if not (spoken.isascii() and spoken.isdigit() and len(spoken) <= MAX_DIGITS):
        raise ValueError(f'"{text}" is no number')
    return int(spoken)
