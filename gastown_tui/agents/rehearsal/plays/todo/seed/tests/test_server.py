"""The server, asked over a real connection."""

import threading
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection

from app import server
from tests.support import AppTest


class ServerTest(AppTest):
    def setUp(self) -> None:
        super().setUp()
        running = server.create(replace(self.settings, port=0))
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(running.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(running.shutdown)
        self.port = running.server_port

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the body of an answer."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def test_a_page(self) -> None:
        status, body = self.ask("GET", "/?from=test")
        self.assertEqual(status, 200)
        self.assertIn(b"<!doctype html>", body)

    def test_what_is_not_there(self) -> None:
        self.assertEqual(self.ask("GET", "/nowhere")[0], 404)

    def test_too_long_a_body(self) -> None:
        self.assertEqual(self.ask("POST", "/todos", b" " * (server.LONGEST + 1))[0], 413)
