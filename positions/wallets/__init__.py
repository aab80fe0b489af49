"""Public wallets, mirrored: what they hold is watched, what they sold is closed."""

from __future__ import annotations

from positions.wallets.changes import confirm_gone
from positions.wallets.sync import Synced, sync_all, wallet_sync

__all__ = ["Synced", "confirm_gone", "sync_all", "wallet_sync"]
