"""The models of trust. Private keys are encrypted at rest (vault.py); of tokens only the hash exists."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from seon.backend.configuration.versioned import Versioned
from seon.backend.proxies.models import ProxyServer


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


class OwnCertificate(Versioned):
    """The company's certificate shown to partners, with its chain and its key."""

    name = models.CharField(max_length=120)
    chain = models.TextField("chain (PEM), leaf first", max_length=200_000)
    key = models.BinaryField()
    """PKCS#8 PEM, encrypted for the record `own-certificate:<fingerprint>`."""
    fingerprint = models.CharField("SHA-256", max_length=64, unique=True, editable=False)
    subject = models.CharField(max_length=500, editable=False)
    not_after = models.DateTimeField("valid until", editable=False)
    in_use = models.BooleanField(default=False)

    history = HistoricalRecords(excluded_fields=["key"])

    class Meta:
        ordering = ("-in_use", "-not_after")
        constraints = (
            models.UniqueConstraint(fields=("in_use",), condition=Q(in_use=True), name="one_own_certificate_in_use"),
        )

    def __str__(self) -> str:
        return self.name


class License(Versioned):
    """A license issued for a server: the certificate of its identity key."""

    server = models.ForeignKey(ProxyServer, models.CASCADE, related_name="licenses")
    pem = models.TextField(editable=False)
    not_after = models.DateTimeField("valid until", editable=False)
    issued_at = models.DateTimeField(default=timezone.now, editable=False)
    issued_by = models.CharField(max_length=150, editable=False)
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("-issued_at",)

    def __str__(self) -> str:
        return f"License of {self.server} until {self.not_after:%Y-%m-%d}"


class Token(Versioned):
    """A security token: what proves a client. Shown once when made; withdrawing it ends the client's link."""

    name = models.CharField(max_length=120, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256 of the secret, hex. The secret has 256 random bits: a slow hash would protect nothing more."""
    servers = models.ManyToManyField(
        ProxyServer, blank=True, help_text="The servers its client may serve; none chosen: every licensed one."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True)

    history = HistoricalRecords(excluded_fields=["digest"])

    class Meta:
        ordering = ("name",)
        verbose_name = "security token"

    def __str__(self) -> str:
        return self.name

    def servable(self) -> list[str]:
        """Return the Proxy IDs that this token's client may serve: allowed, with a license in force."""
        servers = self.servers.all() if self.servers.exists() else ProxyServer.objects.all()
        licensed = servers.filter(licenses__withdrawn_at=None, licenses__not_after__gt=timezone.now())
        return list(licensed.order_by("proxy_id").values_list("proxy_id", flat=True).distinct())


class Blob(Versioned):
    """Octets that cross to the server once, named by their SHA-256: revocation lists."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    octets = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256


class CrlUrl(models.Model):
    """A CRL distribution point seen in a verified certificate."""

    url = models.CharField(max_length=2_000, unique=True)
    first_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "CRL address"
        verbose_name_plural = "CRL addresses"

    def __str__(self) -> str:
        return self.url
