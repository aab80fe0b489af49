from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names, also inside our ES modules' imports, so that files can be cached for ever."""

    support_js_module_import_aggregation = True
