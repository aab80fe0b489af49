"""Forms of the book: exit rules as a trader types them, positions, strategies, sources."""

from __future__ import annotations
