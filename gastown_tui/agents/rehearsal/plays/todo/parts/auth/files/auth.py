"""Registering and signing in: both answer with a token."""

from app import tokens, users
from app.web import Context, HttpError, Response, Route, json_response

LONGEST = 1000
"""Characters of a password that are still hashed: hashing is slow on purpose."""


def register(context: Context) -> Response:
    """POST /register {"email", "password"}"""
    email, password = _credentials(context)
    least = context.settings.password_length
    if not least <= len(password) <= LONGEST:
        raise HttpError(400, f"A password must have {least} to {LONGEST} characters.")
    name, _, host = email.partition("@")
    if not name or not host or len(email) > 254 or any(char.isspace() for char in email):
        raise HttpError(400, "That is no e-mail address.")
    user = users.create(context.db, email, password)
    if user is None:
        raise HttpError(409, "This address is registered already.")
    return _signed_in(context, user, 201)


def login(context: Context) -> Response:
    """POST /login {"email", "password"}"""
    email, password = _credentials(context)
    user = users.check(context.db, email, password) if len(password) <= LONGEST else None
    if user is None:
        raise HttpError(401, "Address or password is wrong.")
    return _signed_in(context, user, 200)


def _credentials(context: Context) -> tuple[str, str]:
    value = context.request.json()
    email, password = value.get("email"), value.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        raise HttpError(400, "E-mail address and password are needed.")
    return email.strip(), password


def _signed_in(context: Context, user: int, status: int) -> Response:
    settings = context.settings
    return json_response({"token": tokens.issue(user, settings.secret, settings.token_minutes)}, status)


ROUTES = (
    Route("POST", "/register", register),
    Route("POST", "/login", login),
)
