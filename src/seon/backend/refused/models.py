"""The model of refused certificates. What stands in it was chosen by strangers."""

from django.db import models


class RefusedCertificate(models.Model):
    """A certificate that a server has refused, and when and why last."""

    fingerprint = models.CharField("SHA-256", max_length=64, unique=True)
    der = models.BinaryField("certificate (DER)")
    subject = models.CharField(max_length=500)
    issuer = models.CharField(max_length=500)
    serial = models.CharField(max_length=140)
    not_before = models.DateTimeField("valid from", null=True)
    not_after = models.DateTimeField("valid until", null=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)
    count = models.PositiveBigIntegerField("times", default=1)
    """How often servers have said so: once an hour at most."""
    source = models.CharField("last source", max_length=64)
    verdict = models.CharField("last verdict", max_length=40)
    reason = models.CharField("last reason", max_length=1_000)

    class Meta:
        ordering = ("-last_seen",)
        verbose_name = "refused certificate"

    def __str__(self) -> str:
        return f"{self.subject} ({self.fingerprint[:16]})"
