"""What the book says aloud, for rooms that it must not know."""

from __future__ import annotations

from django.dispatch import Signal

# All demo positions are gone; sent inside the transaction that removes them.
demo_removed = Signal()
