"""A password hasher that counts: equal work for known and unknown users is no matter of a clock."""

from __future__ import annotations

import time
from typing import ClassVar

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    hashed: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.hashed.append(password)
        return super().encode(password, salt)


class SlowHasher(CountingHasher):
    """As long as it takes to send many guesses at once."""

    algorithm = "slow"

    def encode(self, password: str, salt: str) -> str:
        time.sleep(0.05)
        return super().encode(password, salt)
