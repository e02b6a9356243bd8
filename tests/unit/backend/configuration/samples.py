from acting.samples import Sample

from seon.backend.configuration.actions import change_settings, set_rule, set_rules

SAMPLES = {
    "settings.change": Sample(
        good=lambda by: change_settings(by, {"external_port": "7000", "level_5_only": True}),
        bad=lambda by: change_settings(by, {"external_port": "7000", "level_5_only": "perhaps"}),
        told="level_5_only: yes",
    ),
    "settings.rule": Sample(
        good=lambda by: set_rule(by, "FLD-XPAD", "ignore"),
        bad=lambda by: set_rule(by, "SEQ-TURN", "ignore"),
        told="rule FLD-XPAD: ignore: added",
    ),
    "settings.rules": Sample(
        good=lambda by: set_rules(by, {"FLD-XPAD": "ignore", "FLD-DATE": "warn"}),
        bad=lambda by: set_rules(by, {"FLD-XPAD": "ignore", "SEQ-TURN": "ignore"}),
        told="rule FLD-XPAD: ignore: added",
    ),
}
