"""Settings, all from the environment (docs/settings.md lists every variable).

Unsafe production values are refused here rather than warned about: without `CYBERADMIN_DEVELOPMENT=1` the secret key,
the token keys and the host names must be given, and the sandbox cannot be reached.
"""

import ipaddress
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where and how this process runs -------------------------------------------------------------------------------
DATA_DIR = Path(env.str("CYBERADMIN_DATA", default=str(BASE_DIR / "var")))
if (DATA_DIR / "local.env").exists():
    env.read_env(str(DATA_DIR / "local.env"))
DEVELOPMENT = env.bool("CYBERADMIN_DEVELOPMENT", default=False)
DEBUG = False
SECRET_KEY = env.str("DJANGO_SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("DJANGO_SECRET_KEY must be set to a secret of at least 40 characters.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts that serve the console; '*' is refused.")

# --- Applications --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    # First, so that its page shell stands in for the theme's.
    "cyberadmin.console",
    # Not its default config, which would put a site of its own in place of the console's.
    "unfold.apps.BasicAppConfig",
    "cyberadmin.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "cyberadmin.accounts",
    "cyberadmin.sync",
    "cyberadmin.people",
    "groups",
    "contacts",
    "templates.apps.TemplatesConfig",
    "campaigns",
    "cyberadmin.figures",
    "cyberadmin.cases",
    "cyberadmin.history",
    "cyberadmin.exports",
    "cyberadmin.offboarding",
]

MIDDLEWARE = [
    # Around all others, so that what fails in any of them is found by its reference.
    "cyberadmin.logs.ReferenceMiddleware",
    # Before all that reads them, so that nothing after it sees a forwarded header from a stranger.
    "cyberadmin.people.forwarded.ForwardedHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cyberadmin.people.middleware.SessionGuard",
    "cyberadmin.people.middleware.DoorRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "cyberadmin.accounts.middleware.CurrentAccountMiddleware",
    "cyberadmin.logs.RequestContextMiddleware",
    "cyberadmin.history.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "cyberadmin.urls"
WSGI_APPLICATION = "cyberadmin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The top-level `templates` package mirrors e-mail templates; page templates live inside each app.
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cyberadmin.console.context.console",
            ],
        },
    },
]

# --- Database ------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'cyberadmin.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL, not NORMAL: a committed "about to send" must survive a power cut, or a create could be sent twice.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    # Seconds that a page may keep the database busy with one statement; workers and commands have no such limit.
    PAGE_STATEMENT_SECONDS = env.int("PAGE_STATEMENT_SECONDS", default=30)
    if env.bool("CYBERADMIN_SERVES_PAGES", default=False) and PAGE_STATEMENT_SECONDS > 0:
        DATABASES["default"]["OPTIONS"] = {
            **DATABASES["default"].get("OPTIONS", {}),
            "options": f"-c statement_timeout={PAGE_STATEMENT_SECONDS}s",
        }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People and sessions -------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator")
] + [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}}]
# Who must have a second factor at least; administrators may ask for more, never for less.
CYBERADMIN_SECOND_FACTOR = env.str("CYBERADMIN_SECOND_FACTOR", default="nobody" if DEVELOPMENT else "administrators")
if CYBERADMIN_SECOND_FACTOR not in ("nobody", "administrators", "everybody"):
    raise ImproperlyConfigured("CYBERADMIN_SECOND_FACTOR is nobody, administrators or everybody.")
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# Sessions end by cyberadmin/people/sessions.py; the cookie outlives none of them.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "cyberadmin_session"
CSRF_COOKIE_NAME = "cyberadmin_csrf"
CSRF_FAILURE_VIEW = "cyberadmin.console.errors.csrf_failure"

# --- Language and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["cyberadmin.formats"]
TIME_ZONE = env.str("CYBERADMIN_TIME_ZONE", default="America/Toronto")

# --- Static files --------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEVELOPMENT:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = False

# --- HTTP security -------------------------------------------------------------------------------------------------
SECURE_TRANSPORT = not DEVELOPMENT
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE_TRANSPORT
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TRANSPORT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_TRANSPORT
# Watchers on the machine itself ask without TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Addresses or networks of the proxies in front, whose X-Forwarded-* headers count; "unix" for a socket file.
CYBERADMIN_PROXIES = env.list("CYBERADMIN_PROXIES", default=[])
for proxy in CYBERADMIN_PROXIES:
    try:
        ipaddress.ip_network("127.0.0.1" if proxy == "unix" else proxy, strict=False)
    except ValueError:
        raise ImproperlyConfigured("CYBERADMIN_PROXIES lists addresses or networks such as 10.0.0.0/8.") from None
if CYBERADMIN_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # The page shell is our own and loads none of the theme's scripts (docs/adr/0004-content-security-policy.md).
        "script-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        # Previews of mail bodies, each with a stricter policy of its own (templates/preview.py).
        "frame-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Room for a mail body far too large, so that the page can say so.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
# Lists and proofs that staff upload. What is too large for memory waits sealed, never in clear in a temporary folder.
UPLOAD_MAX_MB = env.int("UPLOAD_MAX_MB", default=100)
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "cyberadmin.sync.upload_handler.SealedUploadHandler",
]

# --- Celery: a doorbell, never the queue ---------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="embedded://localhost")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, str | float]
if CELERY_BROKER_URL.startswith("embedded"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {"path": str(DATA_DIR / "broker.sqlite3")}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 900,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        # A page that rings while the broker is away goes on at once: the sweep finds the work.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    }
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_DEFAULT_QUEUE = "cyberadmin"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "cyberadmin.sync.tasks.sweep", "schedule": 15.0},
    "pull-due": {"task": "cyberadmin.sync.tasks.pull_due", "schedule": 60.0},
    "housekeeping": {"task": "cyberadmin.sync.tasks.keep_house", "schedule": 3600.0},
    "check-wall": {"task": "cyberadmin.sync.tasks.check_wall", "schedule": 86_400.0},
    "watch-tokens": {"task": "cyberadmin.sync.tasks.watch_tokens", "schedule": 3600.0},
    "people-housekeeping": {"task": "cyberadmin.people.tasks.keep_house", "schedule": 3600.0},
    "exports-sweep": {"task": "cyberadmin.exports.tasks.sweep", "schedule": 30.0},
    "exports-housekeeping": {"task": "cyberadmin.exports.tasks.keep_house", "schedule": 3600.0},
    "history-housekeeping": {"task": "cyberadmin.history.tasks.keep_house", "schedule": 86_400.0},
    "read-consents": {"task": "contacts.tasks.read_consents", "schedule": 60.0},
    "purge-import-files": {"task": "contacts.tasks.purge_import_files", "schedule": 3600.0},
    "cases-advance": {"task": "cyberadmin.cases.tasks.advance_all", "schedule": 60.0},
    "campaigns-watch": {"task": "campaigns.tasks.watch", "schedule": 60.0},
    "count-figures": {"task": "cyberadmin.figures.tasks.count", "schedule": 900.0},
    "offboarding-sweep": {"task": "cyberadmin.offboarding.tasks.sweep", "schedule": 60.0},
    "offboarding-housekeeping": {"task": "cyberadmin.offboarding.tasks.keep_house", "schedule": 21_600.0},
    "send-digests": {"task": "cyberadmin.console.tasks.send_digests", "schedule": 600.0},
}

# --- The vendor ----------------------------------------------------------------------------------------------------
# Staff choose among these hosts, never type one (product.md section 6, "Which host").
CYBERIMPACT_HOSTS = env.list("CYBERIMPACT_HOSTS", default=["api.cyberimpact.com", "apiv4.cyberimpact.com"])
CYBERIMPACT_SANDBOX_URL = env.str("CYBERIMPACT_SANDBOX_URL", default="")
if CYBERIMPACT_SANDBOX_URL and not DEVELOPMENT:
    raise ImproperlyConfigured("CYBERIMPACT_SANDBOX_URL is for development only.")
# Keys that encrypt the tokens, newest first; apart from SECRET_KEY so that either can be changed alone.
CYBERADMIN_KEYS = env.list("CYBERADMIN_KEYS", default=[])
if not CYBERADMIN_KEYS:
    raise ImproperlyConfigured("CYBERADMIN_KEYS must hold at least one key that encrypts the API tokens.")

# --- The engine (docs/engine.md) -----------------------------------------------------------------------------------
SYNC_DEADLINE_SECONDS = env.float("SYNC_DEADLINE_SECONDS", default=45.0)
SYNC_LEASE_SECONDS = env.float("SYNC_LEASE_SECONDS", default=120.0)
SYNC_BACKOFF_SECONDS = env.float("SYNC_BACKOFF_SECONDS", default=5.0)
SYNC_SETTLE_SECONDS = env.float("SYNC_SETTLE_SECONDS", default=SYNC_DEADLINE_SECONDS + 60.0)
SYNC_SECOND_LOOK_SECONDS = env.float("SYNC_SECOND_LOOK_SECONDS", default=120.0)
SYNC_REQUESTS_PER_SECOND = env.float("SYNC_REQUESTS_PER_SECOND", default=20.0)
SYNC_PULL_MINUTES = env.int("SYNC_PULL_MINUTES", default=30)

# --- Campaigns (product.md N10) ------------------------------------------------------------------------------------
# Above so many recipients, who asked for an approval cannot give it, and the confirmation wants the number typed.
CAMPAIGNS_SECOND_PERSON_ABOVE = env.int("CAMPAIGNS_SECOND_PERSON_ABOVE", default=500)
CAMPAIGNS_TYPED_COUNT_ABOVE = env.int("CAMPAIGNS_TYPED_COUNT_ABOVE", default=100)

# --- Bulk changes (product.md N1, N10) -----------------------------------------------------------------------------
# Above so many rows a second person approves the plan; above so many the person who applies it types the number.
BULK_SECOND_PERSON_ABOVE = env.int("BULK_SECOND_PERSON_ABOVE", default=500)
BULK_TYPED_COUNT_ABOVE = env.int("BULK_TYPED_COUNT_ABOVE", default=100)
# Rows in one batch of the vendor, and days after its end for which the rows of a plan keep addresses and values.
BULK_BATCH_ROWS = env.int("BULK_BATCH_ROWS", default=1_000)
BULK_ROWS_KEPT_DAYS = env.int("BULK_ROWS_KEPT_DAYS", default=90)
# Days after its end, or after it was begun and left, for which the file of an import is kept, sealed.
IMPORT_FILES_KEPT_DAYS = env.int("IMPORT_FILES_KEPT_DAYS", default=30)

# --- Exports (docs/engine.md 4, line 11) ----------------------------------------------------------------------------
# Above so many people in a file, their number is typed before it is made.
EXPORTS_TYPED_COUNT_ABOVE = env.int("EXPORTS_TYPED_COUNT_ABOVE", default=100)

# --- History ---------------------------------------------------------------------------------------------------------
# Days for which the history is kept: ten years, as long as a token lasts; two years at least.
HISTORY_KEPT_DAYS = env.int("HISTORY_KEPT_DAYS", default=3_653)
if HISTORY_KEPT_DAYS < 730:
    raise ImproperlyConfigured("HISTORY_KEPT_DAYS must be 730 at least: the history is evidence.")

# --- Consent (api/README.md 6, row 25) ------------------------------------------------------------------------------
# Months that a consent lasts, by relation, where it is not the usual: information-request=6,partners=12; 0 = no end.
CONSENT_MONTHS = env.dict("CONSENT_MONTHS", cast={"value": int}, default={})
# Seconds of each minute in which consents are read one by one, over all clients, when nothing else waits; 0 = never.
CONSENT_READING_SECONDS = env.float("CONSENT_READING_SECONDS", default=15.0)

# --- E-mail to staff: invitations and new passwords ------------------------------------------------------------------
# Without it, links are copied by hand. A backend that writes messages to a terminal or a file would leave links there.
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_CONFIGURED = bool(EMAIL_URL)
if EMAIL_URL and not DEVELOPMENT and not EMAIL_URL.startswith(("smtp+tls://", "smtp+ssl://", "smtps://")):
    raise ImproperlyConfigured("EMAIL_URL must be smtp+tls:// or smtp+ssl:// (user:password@host:port).")
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="")
if EMAIL_URL and not DEFAULT_FROM_EMAIL:
    raise ImproperlyConfigured("EMAIL_FROM must be the sender's address of e-mails to staff.")

# Where the console is, for links in e-mails that nobody's browser asked for (the digest); without it none is sent.
CONSOLE_URL = env.str("CONSOLE_URL", default="")
if CONSOLE_URL and not CONSOLE_URL.startswith(("https://", "http://") if DEVELOPMENT else "https://"):
    raise ImproperlyConfigured("CONSOLE_URL must be the console's address, beginning with https://.")

# --- Logs and figures ----------------------------------------------------------------------------------------------
# JSON for machines in production, plain lines in a terminal; both without tokens and addresses (cyberadmin/logs.py).
LOG_FORMAT = env.str("LOG_FORMAT", default="plain" if DEVELOPMENT else "json")
if LOG_FORMAT not in ("plain", "json"):
    raise ImproperlyConfigured("LOG_FORMAT is plain or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"cyberadmin.logs.{LOG_FORMAT}_lines"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.server": {"level": "WARNING"}, "celery": {"level": "WARNING"}},
}
# Opens /metrics to whoever sends it as a bearer token; empty = there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN must have at least 20 characters.")
