"""The models of counts, which are kept while events come in: a million of them cannot be counted for a page."""

from django.db import models

from seon.backend.journal.models import HOPS


class RuleCount(models.Model):
    """How often a rule of OFTP2 was broken on a day, as one hop has seen it: both hops check every octet."""

    day = models.DateField()
    """Of arrival, UTC."""
    rule = models.CharField(max_length=40)
    """A key of `oftp2.rules.RULES`."""
    hop = models.CharField(max_length=10, choices=HOPS)
    number = models.PositiveBigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("day", "rule", "hop"), name="one_count_per_day_rule_hop"),)

    def __str__(self) -> str:
        return f"{self.rule} on {self.day}: {self.number}"


class KeptOut(models.Model):
    """How many events an ignore rule has kept out. The rule is named by its number: it may go while one is counted."""

    rule = models.PositiveBigIntegerField(unique=True)
    number = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ignore rule {self.rule}: {self.number}"
