"""JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, HS256): who somebody is, until when."""

import base64
import hashlib
import hmac
import json
import time


class BadToken(Exception):
    """A token that proves nothing."""


def issue(user: int, secret: str, minutes: float, now: float | None = None) -> str:
    """A token that says for some minutes from `now` (Unix seconds) on who its bearer is."""
    start = int(time.time() if now is None else now)
    head = _encoded({"alg": "HS256", "typ": "JWT"})
    claims = _encoded({"sub": str(user), "iat": start, "exp": start + int(minutes * 60)})
    return f"{head}.{claims}.{_base64(_sign(f'{head}.{claims}', secret))}"


def user_of(token: str, secret: str, now: float | None = None) -> int:
    """The user a token speaks for; BadToken when it is forged, expired or no token at all."""
    try:
        head, claims, signature = token.split(".")
        if _bytes(signature) != _sign(f"{head}.{claims}", secret):
            raise BadToken("The signature is not ours.")
        if _decoded(head).get("alg") != "HS256":
            raise BadToken("The algorithm is not ours.")
        said = _decoded(claims)
        if said["exp"] <= (time.time() if now is None else now):
            raise BadToken("The token has expired.")
        return int(said["sub"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadToken("That is no token.") from error


def _sign(text: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()


def _encoded(value: dict[str, object]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _decoded(text: str) -> dict[str, object]:
    return json.loads(_bytes(text))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
