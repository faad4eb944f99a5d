"""Carries requests from the network to the handlers, each on a thread and a connection of its own."""

from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app import database, web
from app.routes import ROUTES
from app.settings import Settings

LONGEST = 65_536
"""Bytes a request's body may have."""


def respond(settings: Settings, request: web.Request) -> web.Response:
    """Answer one request; what the client did wrong becomes a response, what we did wrong is raised."""
    try:
        handler, params = web.find(ROUTES, request.method, request.path)
        request = replace(request, params=params)
        with closing(database.connect(settings.database)) as db:
            return handler(db, request)
    except web.HttpError as problem:
        return web.error(problem)


def create(settings: Settings) -> ThreadingHTTPServer:
    """A server that listens already and serves when told to."""

    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        def answer(self) -> None:
            length = self.headers.get("Content-Length", "0")
            body = self.rfile.read(min(int(length), LONGEST + 1)) if length.isdecimal() else b""
            if len(body) > LONGEST:
                response = web.error(web.HttpError(413, "That is too much at once."))
            else:
                headers = {name.lower(): value for name, value in self.headers.items()}
                path = self.path.partition("?")[0]
                response = respond(settings, web.Request(self.command, path, body, headers))
            self.send_response(response.status)
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: requests may hold what is nobody's business."""

    return ThreadingHTTPServer((settings.host, settings.port), Handler)
