"""What the tests share: an application on an empty database, asked without a network."""

import json
import tempfile
import unittest
from pathlib import Path

from app import database
from app.server import respond
from app.settings import Settings
from app.web import Request, Response


class AppTest(unittest.TestCase):
    """A test with an application of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.settings = Settings(database=str(Path(folder.name) / "todo.db"))
        self.db = database.connect(self.settings.database)
        self.addCleanup(self.db.close)

    def call(self, method: str, path: str, value: object = None) -> Response:
        """Send one request; a value becomes its JSON body."""
        body = b"" if value is None else json.dumps(value).encode()
        return respond(self.settings, Request(method, path, body))
