"""What TLS offers and accepts on every connection: groups, cipher suites, signatures, all of them listed here.

OpenSSL's own lists are not used: they change with its releases, and leave out brainpool, whose certificates are usual
in Germany. Docs: docs/design.md, section 6.
"""

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

GROUPS = (
    "*X25519MLKEM768/*X25519:P-256:P-384:P-521:X448"
    "/brainpoolP256r1:brainpoolP384r1:brainpoolP512r1"
    "/brainpoolP256r1tls13:brainpoolP384r1tls13:brainpoolP512r1tls13"
)
"""The best first; a client sends shares of those with a star (SSL_CTX_set1_groups_list). In TLS 1.2 a certificate works
only if its curve is here (RFC 8422 section 5.1.1); in TLS 1.3 brainpool has code points of its own (RFC 8734)."""
SIGNATURES = ":".join((
    "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448",
    "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
    "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512",
    "mldsa65", "mldsa87", "mldsa44",
    "ecdsa_brainpoolP256r1tls13_sha256", "ecdsa_brainpoolP384r1tls13_sha384", "ecdsa_brainpoolP512r1tls13_sha512",
    "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512",
))  # fmt: skip
"""RFC 8446 section 4.2.3 and RFC 8734. No SHA-1, no SHA-224, no DSA: not for old stations either, which all know
SHA-256 if they know TLS 1.2."""
TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
OLD_CIPHERS = ":".join((
    TLS12_CIPHERS,
    "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
))  # fmt: skip
"""For old stations: still forward secrecy, but CBC."""
_OPTIONS = (
    SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE
)  # fmt: skip
_lib = Binding().lib


def new_context(method: int, *, old_tls: bool = False) -> SSL.Context:
    """Return a context that offers this, and demands nothing yet: TLS 1.2 and 1.3, every connection afresh.

    `old_tls`: also what old stations need in TLS 1.2.
    """
    context = SSL.Context(method)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list((OLD_CIPHERS if old_tls else TLS12_CIPHERS).encode())
    # pyOpenSSL has no methods for these two; both return 1 (see the tests) or the list has a mistake.
    for put, listed in ((_lib.SSL_CTX_set1_curves_list, GROUPS), (_lib.SSL_CTX_set1_sigalgs_list, SIGNATURES)):
        if put(context._context, listed.encode()) != 1:
            raise ImportError(f"this OpenSSL does not know all of {listed}")
    context.set_options(_OPTIONS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(_lib.SSL_MODE_ENABLE_PARTIAL_WRITE | _lib.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
    return context
