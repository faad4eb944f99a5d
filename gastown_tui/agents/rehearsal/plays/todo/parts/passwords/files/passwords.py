"""Turns passwords into hashes that may be stored, and checks them."""

import hashlib
import hmac
import os

COST = 2**11
"""How hard a guess is made (scrypt's n), low enough for a small machine; a hash names its own, so that this may grow."""


def hashed(password: str) -> str:
    """A hash with a salt of its own: `scrypt$cost$salt$key`."""
    salt = os.urandom(16)
    return f"scrypt${COST}${salt.hex()}${_key(password, salt, COST).hex()}"


def matches(password: str, stored: str) -> bool:
    """Whether a password is the one a hash was made from; False for a hash that cannot be read."""
    try:
        kind, cost, salt, key = stored.split("$")
        wanted, found = bytes.fromhex(key), _key(password, bytes.fromhex(salt), int(cost))
    except ValueError:
        return False
    return kind == "scrypt" and hmac.compare_digest(wanted, found)


def _key(password: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=8, p=1, dklen=32)
