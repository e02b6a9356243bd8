"""Django's settings, from the environment. Without SEON_HOME they import and reach nothing (mypy, migrations).

| Variable | Meaning |
|---|---|
| SEON_HOME | the installation's directory (`home.Home`) |
| SEON_SECRET_FILE | the master key; default `SEON_HOME/secret.key` |
| SEON_DATABASE_URL | `postgres://...`; default the SQLite file in SEON_HOME |
| SEON_BASIC_AUTH_FILE | a file with `user:password`: the API then demands it as HTTP Basic besides the token |

Nothing has an insecure default: DEBUG does not exist, and without a master key the secret key is random.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from seon.api_messages import MAX_BODY
from seon.backend.databases import database
from seon.backend.home import DATABASE_VARIABLE, SECRET_VARIABLE, VARIABLE, Home
from seon.backend.https import names_in
from seon.backend.panel.navigation import UNFOLD as LOOK
from seon.backend.vault import derive, read_master_key

_home_text = os.environ.get(VARIABLE, "")
SEON_HOME = Home(Path(_home_text).resolve()) if _home_text else None
SEON_SECRET_FILE = os.environ.get(SECRET_VARIABLE) or (str(SEON_HOME.secret_file) if SEON_HOME else "")
SEON_BASIC_AUTH_FILE = os.environ.get("SEON_BASIC_AUTH_FILE", "")


def _secret_key() -> str:
    if SEON_SECRET_FILE and Path(SEON_SECRET_FILE).exists():
        return derive(read_master_key(Path(SEON_SECRET_FILE)), b"seon django secret 1").hex()
    return secrets.token_hex(32)


SECRET_KEY = _secret_key()
DEBUG = False
# The names in the https certificate are the names under which Seonapi answers; there is no second list.
ALLOWED_HOSTS = names_in(SEON_HOME.https_certificate) if SEON_HOME else []
DATABASES = {"default": database(os.environ.get(DATABASE_VARIABLE, ""), SEON_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.simple_history",
    "django.contrib.admin.apps.SimpleAdminConfig",  # the pages are loaded by urls.py: no other program needs them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "simple_history",
    "axes",
    "seon.backend.acting",
    "seon.backend.users",
    "seon.backend.hosts",
    "seon.backend.configuration",
    "seon.backend.anchors",
    "seon.backend.partners",
    "seon.backend.refused",
    "seon.backend.session_rules",
    "seon.backend.proxies",
    "seon.backend.trust",
    "seon.backend.revocation",
    "seon.backend.live",
    "seon.backend.journal",
    "seon.backend.counting",
    "seon.backend.queue",
    "seon.backend.script",
    "seon.backend.apilog",
    "seon.backend.panel",
]
# All of these run asynchronously, so that a waiting call of the API holds no thread.
MIDDLEWARE = [
    "seon.backend.panel.headers.SecurityHeaders",
    "seon.backend.panel.static.StaticFiles",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "seon.backend.panel.zones.LocalTime",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "seon.backend.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # A page's template stands beside its view; what the frame has in the place of unfold's own comes first.
        "DIRS": [Path(__file__).parent / "panel", Path(__file__).parent / "panel" / "frame"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# User and address together: a stranger who knows an administrator's name must not be able to lock the door for it.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "seon.backend.panel.refusing.locked"
CSRF_FAILURE_VIEW = "seon.backend.panel.refusing.out_of_date"

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-seon-session"
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-seon-csrf"
CSRF_COOKIE_SAMESITE = "Strict"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY

STATIC_URL = "/static/"
STORAGES = {"staticfiles": {"BACKEND": "seon.backend.panel.static.Addresses"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 3600

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["seon.backend.formats"]
LOGIN_URL = "admin:login"  # a name, not a path: Seonapi may answer below a prefix
LOGIN_REDIRECT_URL = "admin:index"
# Log files belong to the daemons (logs.py); a command line writes none.
LOGGING_CONFIG = None
SIMPLE_HISTORY_REVERT_DISABLED = True

UNFOLD = LOOK
