"""Trust anchors: the CAs whose certificates may admit partners."""
