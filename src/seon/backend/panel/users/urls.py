"""The addresses of the page "Users", below `/panel/`."""

from seon.backend.panel.users.views import UsersPage

urlpatterns = [UsersPage.at("users/", "users")]
