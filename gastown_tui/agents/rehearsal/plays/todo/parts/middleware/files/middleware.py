"""Lets only those through who bring a good token, and says who they are."""

from collections.abc import Iterable
from dataclasses import replace
from functools import wraps

from app import tokens
from app.web import Context, Handler, HttpError, Response, Route


def protected(routes: Iterable[Route]) -> tuple[Route, ...]:
    """The same routes for signed-in users only."""
    return tuple(route._replace(handler=signed_in(route.handler)) for route in routes)


def signed_in(handler: Handler) -> Handler:
    """A handler that answers 401 without a good bearer token, and else knows its user."""

    @wraps(handler)
    def guarded(context: Context) -> Response:
        scheme, _, token = context.request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise HttpError(401, "Sign in first.")
        try:
            user = tokens.user_of(token.strip(), context.settings.secret)
        except tokens.BadToken as problem:
            raise HttpError(401, str(problem)) from problem
        return handler(replace(context, user=user))

    return guarded
