"""The model of session rules: one row in general, and one for each partner that differs."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from seon.backend.configuration.bounds import FILE_OCTETS, PROFILES
from seon.backend.configuration.lines import FileCodesField, LinesField, NamePatternsField, entries_of
from seon.backend.configuration.models import Settings
from seon.backend.configuration.rules import SETTABLE, SEVERITIES, effect_of, validate_rule
from seon.backend.configuration.versioned import Versioned
from seon.backend.partners.models import Partner
from seon.backend.session_rules.demands import DEMANDS

AS_IN_GENERAL = "as in general"


def with_its_owner(collector: Any, field: Any, rows: Any, using: str) -> None:  # noqa: ARG001 - Django's signature
    """Delete the rows of an owner before the owner itself, so that the audit can say whose they were.

    Django's CASCADE deletes rows with an empty owner in any order.
    """
    collector.collect(rows, source=field.remote_field.model, source_attr=field.name, nullable=False)


def _yes_or_no(text: str) -> "models.BooleanField[bool | None, bool | None]":
    choices = [(None, AS_IN_GENERAL), (True, "yes"), (False, "no")]
    return models.BooleanField(null=True, blank=True, default=None, choices=choices, help_text=text)


def _octets(text: str) -> "models.PositiveBigIntegerField[int | None, int | None]":
    validators = [MinValueValidator(FILE_OCTETS.least), MaxValueValidator(FILE_OCTETS.most)]
    return models.PositiveBigIntegerField(null=True, blank=True, default=None, validators=validators, help_text=text)


def _owned(name: str) -> models.Q:
    """Return the condition that a row belongs to this owner and no other."""
    other = {"settings": "partner", "partner": "settings"}[name]
    return Q(**{f"{name}__isnull": False, f"{other}__isnull": True})


ONE_OWNER = _owned("settings") | _owned("partner")


class SessionRules(Versioned):
    """What is demanded of sessions, in general or of one partner.

    What is empty for a partner is as in general. What is empty in general is the product's default, which is filled in
    when the row is saved.
    """

    settings = models.OneToOneField(Settings, with_its_owner, null=True, editable=False, related_name="session_rules")
    partner = models.OneToOneField(Partner, with_its_owner, null=True, editable=False, related_name="session_rules")

    profile = models.CharField(
        max_length=20, choices=[("", AS_IN_GENERAL), *((name, name) for name in PROFILES)], blank=True, default="",
        help_text="How strictly OFTP2 is judged.",
    )  # fmt: skip
    level_5_only = _yes_or_no("Sessions below level 5 (OFTP 1.x) are refused; rule POL-LEVEL.")
    secure_authentication = _yes_or_no("Sessions without secure authentication are refused; rule POL-AUTH.")
    esid_names_rule = _yes_or_no(
        "Where the proxy ends a session of level 5, its ESID names the rule in its text, to the side that broke it."
    )
    incoming_max_octets = _octets("The greatest file that a partner may send, in octets; 0: no limit; rule POL-SIZE.")
    incoming_names = NamePatternsField(
        help_text="Virtual names of files that a partner may send, * and ? as usual; *: every name; rule POL-NAME."
    )
    incoming_destinations = FileCodesField(
        help_text="Codes that files of a partner may be destined for; *: every code; rule POL-DEST."
    )
    incoming_originators = FileCodesField(
        help_text="Codes that files of a partner may originate from; *: every code; rule POL-ORIG."
    )
    outgoing_max_octets = _octets("The greatest file that a partner may be sent, in octets; 0: no limit.")
    outgoing_names = NamePatternsField(help_text="Virtual names of files that a partner may be sent; *: every name.")
    outgoing_destinations = FileCodesField(
        help_text="Codes that files to a partner may be destined for; *: every code."
    )
    outgoing_originators = FileCodesField(help_text="Codes that files to a partner may originate from; *: every code.")

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "session rules"
        constraints = (models.CheckConstraint(condition=ONE_OWNER, name="session_rules_have_one_owner"),)

    def __str__(self) -> str:
        return f"of partner {self.partner}" if self.partner_id else "in general"

    def full_clean(self, *args: Any, **options: Any) -> None:
        """Fill in what is empty in general first."""
        self.fill_in()
        super().full_clean(*args, **options)

    def fill_in(self) -> None:
        """Put the product's defaults where nothing stands in the general row."""
        if self.partner is None:
            for name, demand in DEMANDS.items():
                if getattr(self, name) in (None, "") and demand.default != ():
                    setattr(self, name, demand.default)

    def value_of(self, name: str) -> object | None:
        """Return a demand as the typed configuration has it; None where it is empty."""
        value: object = getattr(self, name)
        field = self._meta.get_field(name)
        if not isinstance(field, LinesField):
            return None if value == "" else value
        entries = entries_of(str(value))
        # Every code is no code at all there. A pattern for every name stays one.
        every = isinstance(field, FileCodesField) and "*" in entries
        return (() if every else entries) if entries else None


class RuleSeverity(Versioned):
    """What a rule of the verifier is worth, in general (in place of what the profile says) or for one partner."""

    settings = models.ForeignKey(Settings, with_its_owner, null=True, editable=False, related_name="rules")
    partner = models.ForeignKey(Partner, with_its_owner, null=True, editable=False, related_name="rules")
    rule = models.CharField(max_length=40, validators=[validate_rule])
    severity = models.CharField(max_length=10, choices=[(name, name) for name in SEVERITIES], default=SEVERITIES[0])

    history = HistoricalRecords()

    class Meta:
        ordering = ("rule",)
        verbose_name = "rule"
        constraints = (
            models.CheckConstraint(condition=ONE_OWNER, name="severities_have_one_owner"),
            models.UniqueConstraint(fields=("settings", "rule"), name="one_severity_per_rule"),
            models.UniqueConstraint(fields=("partner", "rule"), name="one_severity_per_rule_and_partner"),
        )

    def __str__(self) -> str:
        of = f", partner {self.partner}" if self.partner_id else ""
        return f"{self.rule}: {self.severity}{of}"

    def clean(self) -> None:
        """Raise ValidationError unless some form of the rule can be set to the severity."""
        super().clean()
        if self.rule in SETTABLE and self.severity in SEVERITIES:
            effect_of(self.rule, self.severity)


def rules_of(owner: Settings | Partner) -> SessionRules:
    """Return the session rules of an owner: the stored ones, or new ones in which nothing is demanded yet."""
    stored: SessionRules | None = getattr(owner, "session_rules", None)
    if stored is not None:
        return stored
    new = SessionRules(settings=owner) if isinstance(owner, Settings) else SessionRules(partner=owner)
    new.fill_in()
    return new
