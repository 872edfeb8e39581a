"""The one settings file, driven by the environment (see .env.example).

Without any variable Pulse runs on a laptop: SQLite, an embedded broker, debug mode.
With DEBUG off it refuses to start without a secret key and allowed hosts.
"""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")
VAR = Path(env.str("VAR", default=str(BASE_DIR / "var")))
VAR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-for-development-only" if DEBUG else "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEBUG else [])
# The first one encrypts, each of them decrypts; `manage.py new_key` prints one.
ENCRYPTION_KEYS = env.list(
    "ENCRYPTION_KEYS", default=["aW5zZWN1cmUtZm9yLWRldmVsb3BtZW50LW9ubHktISE="] if DEBUG else []
)
if not SECRET_KEY or not ALLOWED_HOSTS or not ENCRYPTION_KEYS:
    raise ImproperlyConfigured(
        "With DEBUG off, set SECRET_KEY, ALLOWED_HOSTS and ENCRYPTION_KEYS (see .env.example)."
    )

INSTALLED_APPS = [
    "pulse_site.apps.PulseAdminConfig",
    "pulse_site.apps.PulseSiteConfig",
    "creators",
    "campaigns",
    "payouts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "csp",
    "import_export",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pulse_site.accounts.second_factors.Gate",
]
ROOT_URLCONF = "pulse_site.urls"
WSGI_APPLICATION = "pulse_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

FORM_RENDERER = "pulse_site.forms.Renderer"

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR / 'pulse.sqlite3'}")}
SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        # A reader never waits for the writer; a writer takes its turn from the first statement on.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # Without recursive_triggers, INSERT OR REPLACE deletes protected rows past their triggers.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;"
        "PRAGMA cache_size=-64000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # To compile a statement takes PostgreSQL longer than ours run without; and whoever streams rows wants
    # them all, not the first tenth soon.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c jit=off -c cursor_tuple_fraction=1"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "pulse_site.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
# Whether staff and owners of advertisers must have one (pulse_site/accounts/second_factors.py).
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=not DEBUG)

# Log-in by django-allauth, for the portal and the admin alike.
ACCOUNT_ADAPTER = "pulse_site.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]  # nobody signs up; its checks want to know
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # or anybody could have us write to anybody
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_USER_DISPLAY = "pulse_site.accounts.people.display_name"
ACCOUNT_FORMS = {
    "login": "pulse_site.accounts.forms.LoginForm",
    "add_email": "pulse_site.accounts.forms.AddEmailForm",
    "change_password": "pulse_site.accounts.forms.ChangePasswordForm",
    "set_password": "pulse_site.accounts.forms.SetPasswordForm",
    "reset_password": "pulse_site.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "pulse_site.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "pulse_site.accounts.forms.ReauthenticateForm",
    "confirm_email_verification_code": "pulse_site.accounts.forms.ConfirmCodeForm",
}
MFA_FORMS = {
    "authenticate": "pulse_site.accounts.forms.AuthenticateForm",
    "reauthenticate": "pulse_site.accounts.forms.ReauthenticateByCodeForm",
    "activate_totp": "pulse_site.accounts.forms.ActivateAppForm",
    "add_webauthn": "pulse_site.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "pulse_site.accounts.forms.EditPasskeyForm",
}
MFA_ADAPTER = "pulse_site.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Pulse"
# How many proxies stand before the web processes: attempts to log in are counted by the address before them.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0 if DEBUG else 1)
# Where attempts are counted, for all web processes together: a table that `migrate` makes, or Redis.
CACHES = {"default": env.cache("CACHE_URL", default="dbcache://pulse_cache")}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "pulse_site" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# The public address of the site, for links in e-mails.
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
# E-mail goes to the console of the worker on a laptop; smtp+tls://user:password@host:587 in production.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Pulse <pulse@localhost>")

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR / "uploads"))
# Which payment files left the house; never restored together with the database.
ISSUED_ROOT = env.str("ISSUED_ROOT", default=str(VAR / "issued"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS = [
    "pulse_site.admin.uploads.handler.LargeFileHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # one for each column of a feed's file, which may have a thousand

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# Celery. A test compares these with the running app's effective values: misspelt names are silently ignored.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_TASK_ALWAYS_EAGER", default=False)
CELERY_TASK_EAGER_PROPAGATES = CELERY_TASK_ALWAYS_EAGER
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# SQLite takes one writer at a time: a second worker process would only wait, and give up.
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=1 if SQLITE else 2)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 2 * 3600
CELERY_TIMEZONE = "UTC"
if CELERY_BROKER_URL.startswith("filesystem:"):
    BROKER_FOLDER = VAR / "broker"
    BROKER_FOLDER.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(BROKER_FOLDER),
        "data_folder_out": str(BROKER_FOLDER),
        "control_folder": str(BROKER_FOLDER / "control"),
        "polling_interval": 0.2,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    # Longer than the time limit, or Redis would hand the message of a living run out twice.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3 * 3600}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "sweep": {"task": "pulse_site.tasks.sweep", "schedule": 60, "options": {"expires": 60}},
    "refresh-eligibility": {
        "task": "creators.tasks.refresh_eligibility_daily",
        "schedule": crontab(minute=15, hour=4),
    },
    "invite-to-terms": {"task": "creators.tasks.invite_to_terms", "schedule": crontab(minute="*/10")},
    "recompute-placements": {
        "task": "campaigns.tasks.recompute_recent_placements",
        "schedule": crontab(minute="*/5"),
    },
    "calculate-months": {
        "task": "payouts.tasks.calculate_open_months",
        "schedule": crontab(minute=30, hour=5),
    },
    "forget-old-uploads": {
        "task": "pulse_site.tasks.forget_old_uploads",
        "schedule": crontab(minute=20, hour=3),
    },
    "forget-replaced-reach": {
        "task": "creators.tasks.forget_replaced_reach",
        "schedule": crontab(minute=40, hour=3),
    },
    "thin-counts": {"task": "payouts.tasks.thin_old_counts", "schedule": crontab(minute=50, hour=2)},
    "seal": {"task": "payouts.tasks.seal_daily", "schedule": crontab(minute=5, hour=0)},
    "verify": {"task": "payouts.tasks.verify_nightly", "schedule": crontab(minute=30, hour=1)},
}
# A worker that stops renewing the lease of its run loses it to another one after this time.
RUN_LEASE_SECONDS = env.float("RUN_LEASE_SECONDS", default=60.0)

LAUNCH_MARKET = "US"
# The hour (UTC) by which the video file of the day before should have come; after it the start page
# names the markets that wait (campaigns/daily_run.py).
VIDEO_FEED_DUE_HOUR = env.int("VIDEO_FEED_DUE_HOUR", default=8)
# After so many days the daily counts that no lineup and no delivery has used are removed at night
# (payouts/retention.py), 60 at least; 0 keeps all.
COUNTS_KEPT_DAYS = env.int("COUNTS_KEPT_DAYS", default=0)
# Counts in Parquet files (campaigns/lake): how much memory DuckDB may take in a worker, and where it puts
# what doesn't fit (the system's temporary folder unless given); or the Spark cluster that ranks them instead.
LAKE_MEMORY = env.str("LAKE_MEMORY", default="1GB")
LAKE_SCRATCH = env.str("LAKE_SCRATCH", default="") or None
SPARK_MASTER = env.str("SPARK_MASTER", default="")
# How many of a thousand views of a video in the lineup are taken to be followed by a place for an ad. An
# assumption for forecasts alone (campaigns/forecast.py): no money depends on it. Compare it with the ad
# server's own figures now and then.
FORECAST_AD_PERMILLE = env.int("FORECAST_AD_PERMILLE", default=100)

# Beyond these an import needs a second confirmation (feeds/guardrails.py, creators/followers.py), in percent:
# rejected rows; followers lost by all known creators of a file together; creators of a file who lost many.
IMPORT_WARN_REJECTED_PERCENT = env.int("IMPORT_WARN_REJECTED_PERCENT", default=10)
IMPORT_WARN_FOLLOWERS_DROP_PERCENT = env.int("IMPORT_WARN_FOLLOWERS_DROP_PERCENT", default=10)
IMPORT_WARN_CREATORS_DROP_PERCENT = env.int("IMPORT_WARN_CREATORS_DROP_PERCENT", default=10)
# For so long an import of followers can be undone.
IMPORT_UNDO_DAYS = env.int("IMPORT_UNDO_DAYS", default=7)

# Who pays, as payment files say it (payouts/files/originator.py). Development's accounts exist nowhere.
ORIGINATOR_COMPANY_NAME = env.str("ORIGINATOR_COMPANY_NAME", default="PULSE DEMO" if DEBUG else "")
ORIGINATOR_COMPANY_ID = env.str("ORIGINATOR_COMPANY_ID", default="1234567890" if DEBUG else "")
ORIGINATOR_ODFI_ROUTING = env.str("ORIGINATOR_ODFI_ROUTING", default="123456780" if DEBUG else "")
ORIGINATOR_BANK_NAME = env.str("ORIGINATOR_BANK_NAME", default="DEMO BANK" if DEBUG else "")
ORIGINATOR_IMMEDIATE_DESTINATION = env.str(
    "ORIGINATOR_IMMEDIATE_DESTINATION", default="123456780" if DEBUG else ""
)
ORIGINATOR_IMMEDIATE_ORIGIN = env.str("ORIGINATOR_IMMEDIATE_ORIGIN", default="1234567890" if DEBUG else "")
ORIGINATOR_IBAN = env.str("ORIGINATOR_IBAN", default="GB82WEST12345698765432" if DEBUG else "")
ORIGINATOR_BIC = env.str("ORIGINATOR_BIC", default="")
ORIGINATOR_ENTRY_DESCRIPTION = env.str("ORIGINATOR_ENTRY_DESCRIPTION", default="PAYROLL")
ORIGINATOR_COMPANY_ENTRY_DESCRIPTION = env.str("ORIGINATOR_COMPANY_ENTRY_DESCRIPTION", default="PAYOUT")

# Who issues the invoices, as they say it; lines are parted by "|" (campaigns/invoices/issuer.py).
INVOICE_ISSUER = env.str("INVOICE_ISSUER", default="Pulse Demo Inc." if DEBUG else "")
INVOICE_ADDRESS = env.str("INVOICE_ADDRESS", default="1 Example Plaza|New York, NY 10001|US" if DEBUG else "")
INVOICE_TAX_NUMBER = env.str("INVOICE_TAX_NUMBER", default="EIN 00-0000000" if DEBUG else "")
INVOICE_EMAIL = env.str("INVOICE_EMAIL", default="billing@pulse.example" if DEBUG else "")
INVOICE_BANK = env.str(
    "INVOICE_BANK", default="Demo Bank|Routing 123456780|Account 0000000000" if DEBUG else ""
)

# How long a link to a creator's statements is good for, and whom he asks when it is no longer.
STATEMENT_LINK_DAYS = env.int("STATEMENT_LINK_DAYS", default=30)
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="")
# How long the link is good for by which an approved creator accepts the terms.
TERMS_LINK_DAYS = env.int("TERMS_LINK_DAYS", default=30)
# On which form the creators' share is reported at year end, see payouts/tax.py: nec, misc or royalties.
# Which of them it is is for the programme's tax adviser to say.
TAX_REPORTING = env.str("TAX_REPORTING", default="nec")
# Who may add rows may import them, who may view them may export them; without these everybody may.
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"pulse_site.runs": {"level": "INFO"}},
}
