"""The acts of trust, where `all_acts` looks for them; each subject has a file of its own."""

import seon.backend.trust.own_actions  # noqa: F401 - its acts declare themselves
