"""The product's settings, cut loose from the developer's environment and from data/."""

from __future__ import annotations

import os
import tempfile
from dataclasses import fields
from pathlib import Path

from pmsite.env import Env

# Only the database may be chosen from outside (tests/run.py's PostgreSQL round). A webhook or an
# API key in the developer's shell must never be called by a test.
KEPT = {"DATABASE_URL", "SECRET_KEY"}
for _name in {field.name.upper() for field in fields(Env)} - KEPT:
    os.environ.pop(_name, None)
    os.environ.pop(f"{_name}_FILE", None)
SCRATCH = Path(tempfile.gettempdir()) / f"position-manager-tests-{os.getuid()}"
os.environ["DATA_DIR"] = str(SCRATCH)
os.environ["NEWS_QUERY_URL"] = "off"  # its default is an address of the open internet
os.environ.setdefault("SECRET_KEY", "a key for tests only, with nothing behind it")

from pmsite.settings import *  # noqa: E402, F403
from pmsite.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES |= {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True  # nothing is collected in tests
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because threads share it with the real locking; one for each run, several run at once.
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / f"test-{os.getpid()}.sqlite3")}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_position_manager_{os.getpid()}"}
