"""Django's settings. Values that differ between installations come from pmsite.env."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from pmsite import ai_models, env
from pmsite.database import database
from pmsite.logs import config as log_config

try:
    ENV = env.read(os.environ)
    DATABASES = {"default": database(ENV.database_url, worker=ENV.worker)}
except env.BadEnvironmentError as error:
    raise SystemExit(str(error)) from None  # one line that names the variable, no traceback

BASE_DIR = env.BASE_DIR
SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENV.csrf_trusted_origins)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "positions",
    "monitoring",
    "axes",
    "channels",
    "django_q",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "pmsite.middleware.headers",
    "pmsite.proxies.explain_silent_proxy",
    "django.middleware.security.SecurityMiddleware",
    "pmsite.middleware.StaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every view asks for a login unless it carries @login_not_required.
    "pmsite.doors.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "pmsite.urls"
ASGI_APPLICATION = "pmsite.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "monitoring.live.context.live",
            ]
        },
    }
]

# Redis is a convenience: the cache forgives its absence, the feed's truth is the journal.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # django-q2's own statistics, which nothing of ours reads.
    "cluster": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
if ENV.redis_url:
    CACHES["default"] = {"BACKEND": "pmsite.cache.ForgivingRedisCache", "LOCATION": ENV.redis_url}
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [ENV.redis_url]},
    }

Q_CLUSTER = {
    "name": "position-manager",
    "orm": "default",
    "broker_class": "monitoring.broker.SchedulingORM",
    "scheduler": False,  # the guard's own looks only every 30 s; the broker above looks instead
    "cache": "cluster",
    # The pass, both deliveries, the wallets, the markets, the screen and the decisions may all be slow
    # at once: one keeps the beat.
    "workers": 8,
    "poll": 0.2,
    "bulk": 1,
    "queue_limit": 8,
    # A last resort: tasks have deadlines of their own, and retry counts from the pull.
    "timeout": 300,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "recycle": 5000,
    "save_limit": -1,  # failures are always kept; runs have our own rows
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: whoever is locked out is not even looked up
    "django.contrib.auth.backends.ModelBackend",
]
# Failed logins, by user and address; pmsite.logins holds the wider limit of an address.
AXES_HANDLER = "pmsite.logins.LoginHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME = 10, timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who goes on trying waits no longer
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "pmsite.proxies.client_address"
AXES_USERNAME_CALLABLE = "pmsite.logins.counted_name"
AXES_LOCKOUT_CALLABLE = "pmsite.logins.locked_page"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG, AXES_ENABLE_ADMIN, AXES_VERBOSE = True, False, False
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# Cookies do not tell ports apart: names of our own beside another Django on this host.
SESSION_COOKIE_NAME = "pm_session"
SESSION_COOKIE_AGE = 7 * 24 * 3600  # from the login on; dangerous acts ask for the password anyway
CSRF_COOKIE_NAME = "pm_csrf"
# Over plain http on loopback a Secure cookie would never come back, and nobody could log in.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENV.https
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if ENV.https else 0
# Who asks the inner address by http is sent to where TLS is spoken.
SECURE_SSL_HOST = ENV.site_url.partition("://")[2] if ENV.https else None
# Monitors and restarters ask on the inner address.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^livez$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Our largest form is a position's, 10 kB; what is larger was not typed by hand.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS, DATA_UPLOAD_MAX_NUMBER_FILES = 1000, 5
# Sub-domains and preload lists are their owner's promise, not ours; http is checked at ENV.https.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if not ENV.https:
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008", "security.W012", "security.W016"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = ENV.data_dir / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "pmsite.storage.StaticStorage"
        )
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

DEFAULT_EXCEPTION_REPORTER = "pmsite.debugging.QuietReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "pmsite.debugging.NamesHidden"
LOGGING = log_config(ENV.secret_values())

# The product's own settings, under the names of the contract's variables.
DATA_DIR = ENV.data_dir
HOST, PORT, SITE_URL = ENV.host, ENV.port, ENV.site_url
TRUSTED_PROXIES = ENV.trusted_proxies
REDIS_URL = ENV.redis_url
MONITOR_INTERVAL = ENV.monitor_interval
EXECUTION_MODE = ENV.execution_mode
POLYMARKET_GAMMA_URL = ENV.polymarket_gamma_url
POLYMARKET_CLOB_URL = ENV.polymarket_clob_url
POLYMARKET_DATA_URL = ENV.polymarket_data_url
POLYMARKET_WS_URL = ENV.polymarket_ws_url
PAPER_EXCHANGE_URL = ENV.paper_exchange_url
DISCORD_WEBHOOK_URL = ENV.discord_webhook_url
WEBHOOK_ALLOWED_HOSTS = ENV.webhook_allowed_hosts
HEARTBEAT_URL = ENV.heartbeat_url

# The AI stage. Prices and parameters of models stand in pmsite.ai_models.
AI_MODELS = ai_models.MODELS
ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL = ENV.anthropic_api_key, ENV.anthropic_base_url
AI_SCREEN_MODEL, AI_DECIDE_MODEL = ENV.ai_screen_model, ENV.ai_decide_model
AI_FALLBACK_URL, AI_FALLBACK_KEY = ENV.ai_fallback_url, ENV.ai_fallback_key
AI_FALLBACK_MODEL, AI_FALLBACK_MAY_SELL = ENV.ai_fallback_model, ENV.ai_fallback_may_sell
AI_DAILY_USD, AI_FAIL_ACTION = ENV.ai_daily_usd, ENV.ai_fail_action
AI_SCREEN_MINUTES, NEWS_QUERY_URL = ENV.ai_screen_minutes, ENV.news_query_url
AI_POSITION_DAILY_DECISIONS = (
    4  # calls for one position a day; a person's own question is beyond it
)
AI_CRITICAL_SHARE = Decimal("0.20")  # of the daily cap, held back for critical triggers
AI_KEEP_TEXT = timedelta(days=30)  # texts sent and received; everything else of a call stays
