"""What a day of the AI stage costs: `python -m tests.benchmarks.ai_cost`. Nothing is asked."""

from __future__ import annotations

import os

import django


def main() -> None:
    """Prints the tables of docs/benchmarks.md."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.benchmarks.ai_day import table

    print("\n".join(table()))


if __name__ == "__main__":
    main()
