"""What can be done with the settings of the installation as a whole."""

from collections.abc import Mapping

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.configuration.keys import RULES, Done, set_settings
from seon.backend.configuration.values import Value
from seon.backend.errors import OperatorError


@act("settings.change", Right.CONFIGURE)
def change_settings(_: Actor, values: Mapping[str, Value]) -> None:
    """Change settings by their keys, each from text or as it is; all of them or none.

    Raises OperatorError that names what is allowed.
    """
    rule = next((key for key in values if key.startswith(RULES)), None)
    if rule is not None:
        raise OperatorError(f"{rule} is not set together with others: what it does to its forms is to be said")
    set_settings(values)


@act("settings.rule", Right.CONFIGURE)
def set_rule(_: Actor, rule: str, severity: str, *, new: bool = False) -> Done:
    """Set what a rule of the verifier is worth in general; empty: as the profile says.

    `new`: refuse if it is set already. Returns what the setting does to the rule's forms. Raises OperatorError.
    """
    return set_settings({f"{RULES}{rule}": severity}, new=new)


@act("settings.rules", Right.CONFIGURE)
def set_rules(_: Actor, severities: Mapping[str, str]) -> list[str]:
    """Set what rules of the verifier are worth in general, all of them or none; empty: as the profile says.

    Returns what a setting does to the forms of its rule, a line for each rule that has forms. Raises OperatorError.
    """
    done = {rule: set_settings({f"{RULES}{rule}": severity}) for rule, severity in severities.items()}
    return [f"{rule}: {what.text}" for rule, what in done.items() if what.text]
