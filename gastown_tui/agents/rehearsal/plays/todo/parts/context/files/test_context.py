"""What handlers are given."""

from unittest import mock

from app import server
from app.web import NOBODY, Context, Response, Route
from tests.support import AppTest


class ContextTest(AppTest):
    def test_a_handler_gets_everything_in_one(self) -> None:
        seen: list[Context] = []

        def handler(context: Context) -> Response:
            seen.append(context)
            return Response(204)

        with mock.patch.object(server, "ROUTES", (Route("GET", "/a/<name>", handler),)):
            self.assertEqual(self.call("GET", "/a/b").status, 204)
        self.assertEqual(seen[0].request.params, {"name": "b"})
        self.assertIs(seen[0].settings, self.settings)
        self.assertEqual(seen[0].user, NOBODY)
