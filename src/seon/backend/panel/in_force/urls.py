"""The address of the part that says where the configuration is in force, below `/panel/`."""

from seon.backend.panel.in_force.views import InForcePart

urlpatterns = [InForcePart.at("configuration/in-force/", "in-force")]
