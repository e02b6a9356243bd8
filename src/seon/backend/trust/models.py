"""The models of trust. Private keys are encrypted at rest (vault.py); of tokens only the hash exists."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.configuration.versioned import Versioned
from seon.backend.proxies.models import ProxyClient, ProxyServer


class Authority(models.Model):
    """A CA of this installation: one for the link (licenses, clients), another for https."""

    class Kind(models.TextChoices):
        """What a CA is for."""

        LINK = "link", "link"
        API = "api", "https API"

    kind = models.CharField(max_length=10, choices=Kind.choices, unique=True)
    certificate = models.TextField()
    key = models.BinaryField()
    """PKCS#8 PEM, encrypted for the record `authority:<kind>`."""

    class Meta:
        verbose_name_plural = "authorities"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} CA"


class OwnKey(models.Model):
    """A private key of the company for TLS towards partners. A certificate finds its key by the public half."""

    name = models.CharField(max_length=120)
    digest = models.CharField("SHA-256 of the public key", max_length=64, unique=True, editable=False)
    sealed = models.BinaryField()
    """PKCS#8 PEM, encrypted for the record `own-key:<digest>`."""
    kind = models.CharField(max_length=40, editable=False)
    """Such as "RSA 3072"."""
    request = models.TextField(max_length=20_000, blank=True, default="", editable=False)
    """The certificate request (PEM) if the key was made here."""
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    history = HistoricalRecords(excluded_fields=["sealed"])

    class Meta:
        ordering = ("-made_at", "-pk")
        verbose_name = "own key"

    def __str__(self) -> str:
        return self.name


class OwnCertificate(Versioned):
    """A certificate of the company shown to partners, with its chain. One of them is in use."""

    name = models.CharField(max_length=120)
    key = models.ForeignKey(OwnKey, models.PROTECT, related_name="certificates")
    chain = models.TextField("chain (PEM), leaf first", max_length=200_000)
    fingerprint = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    subject = models.CharField(max_length=500, editable=False)
    not_before = models.DateTimeField("valid from", editable=False)
    not_after = models.DateTimeField("valid until", editable=False)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    in_use = models.BooleanField(default=False)
    use_from = models.DateTimeField("to be used from", null=True, blank=True, default=None)
    """When it is to come into use; empty: that is not planned. `own.switch_due` does it and clears this."""
    used_at = models.DateTimeField("last put in use", null=True, blank=True, default=None, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ("-in_use", "-not_after")
        verbose_name = "own certificate"
        constraints = (
            models.UniqueConstraint(fields=("in_use",), condition=Q(in_use=True), name="one_own_certificate_in_use"),
        )
        indexes = (models.Index(fields=("use_from",), condition=Q(use_from__isnull=False), name="own_use_planned"),)

    def __str__(self) -> str:
        return self.name


class ChainCertificate(models.Model):
    """A CA's certificate that an administrator has given to complete chains. Nobody is admitted by it."""

    fingerprint = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    pem = models.TextField(max_length=20_000, editable=False)
    subject = models.CharField(max_length=500, editable=False)
    not_after = models.DateTimeField("valid until", editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ("subject", "-not_after")
        verbose_name = "CA certificate for chains"
        verbose_name_plural = "CA certificates for chains"

    def __str__(self) -> str:
        return self.subject


class License(Versioned):
    """A license issued for a server: the certificate of its identity key."""

    server = models.ForeignKey(ProxyServer, models.CASCADE, related_name="licenses")
    pem = models.TextField(editable=False)
    serial = models.CharField(max_length=40, unique=True, editable=False)
    """Of its certificate, upper-case hex, as the server's `-V` shows it."""
    not_after = models.DateTimeField("valid until", editable=False)
    issued_at = models.DateTimeField(default=timezone.now, editable=False)
    issued_by = models.CharField(max_length=150, editable=False)
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("-issued_at",)

    def __str__(self) -> str:
        return f"License {self.serial} of {self.server} until {self.not_after:%Y-%m-%d}"


class Token(Versioned):
    """A security token: what proves a client. Shown once when made; withdrawing it ends the client's link."""

    name = models.CharField(max_length=120, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256 of the secret, hex. The secret has 256 random bits: a slow hash would protect nothing more."""
    former_digest = models.CharField(max_length=64, blank=True, default="", db_index=True, editable=False)
    """Of the secret before a rotation, which counts until `former_until`."""
    former_until = models.DateTimeField("secret before counts until", null=True, blank=True)
    client = models.ForeignKey(
        ProxyClient, models.PROTECT, related_name="tokens", null=True, blank=True,
        help_text="The client that it is for: from another address it does not count. None chosen: any.",
    )  # fmt: skip
    servers = models.ManyToManyField(
        ProxyServer, blank=True, help_text="The servers its client may serve; none chosen: every licensed one."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField("valid until", null=True, blank=True)
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True)

    history = HistoricalRecords(excluded_fields=["digest", "former_digest"], m2m_fields=[servers])

    class Meta:
        ordering = ("name",)
        verbose_name = "security token"

    def __str__(self) -> str:
        return self.name

    def allowed(self) -> models.QuerySet[ProxyServer]:
        """Return the servers that this token's client may serve, once they have a license."""
        return self.servers.all() if self.servers.exists() else ProxyServer.objects.all()

    def servable(self) -> list[str]:
        """Return the Proxy IDs that this token's client may serve: allowed, with a license in force."""
        licensed = self.allowed().filter(licenses__withdrawn_at=None, licenses__not_after__gt=timezone.now())
        return list(licensed.order_by("proxy_id").values_list("proxy_id", flat=True).distinct())


class TokenUse(models.Model):
    """When a token was used last, and from where. It is no part of the configuration, so it raises no version."""

    token = models.OneToOneField(Token, models.CASCADE, related_name="use")
    at = models.DateTimeField()
    address = models.CharField(max_length=45)

    def __str__(self) -> str:
        return f"{self.token} at {self.at:%Y-%m-%d %H:%M}"


class Blob(Versioned):
    """Octets that cross to the server once, named by their SHA-256: revocation lists."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    octets = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256
