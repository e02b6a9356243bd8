"""The addresses of the pages of users, below `/panel/`."""

from seon.backend.panel.users.views import AddUserPage, UserPage, UsersPage

urlpatterns = [
    UsersPage.at("users/", "users"),
    AddUserPage.at("users/add/", "user-add"),
    UserPage.at("users/<int:number>/", "user"),
]
