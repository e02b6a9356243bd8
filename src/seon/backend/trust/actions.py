"""The acts of trust, where `all_acts` looks for them; each subject has a file of its own."""

import seon.backend.trust.license_actions
import seon.backend.trust.own_actions
import seon.backend.trust.token_actions  # noqa: F401 - their acts declare themselves
