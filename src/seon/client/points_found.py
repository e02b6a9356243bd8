"""Where the server says that revocation lists are: only what has the form of it goes to Seonapi (mission B5).

SECURITY: the DMZ is not trusted. Who holds the server could name any address to be downloaded from inside; so Seonapi
decides where it goes.
"""

import re

from seon.api_messages import CrlSource
from seon.pki import PkiError, peer_certificate

_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)


def is_well_formed(source: CrlSource) -> bool:
    """Whether it is a web address, with a certificate that can be read."""
    if not _URL.fullmatch(source.url):
        return False
    try:
        peer_certificate(source.issuer)
    except PkiError:
        return False
    return True
