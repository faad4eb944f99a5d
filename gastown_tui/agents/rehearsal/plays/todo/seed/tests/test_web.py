"""Routes."""

import unittest

from app.web import HttpError, Request, Response, Route, find


def nothing(*given: object) -> Response:
    return Response(204)


ROUTES = (Route("GET", "/", nothing), Route("GET", "/a/<name>", nothing), Route("PUT", "/a/<name>", nothing))


class FindTest(unittest.TestCase):
    def test_names_parts_of_the_path(self) -> None:
        self.assertEqual(find(ROUTES, "GET", "/a/b"), (nothing, {"name": "b"}))
        self.assertEqual(find(ROUTES, "GET", "/"), (nothing, {}))

    def test_unknown_path_or_method(self) -> None:
        for method, path, status in (("GET", "/b", 404), ("GET", "/a/", 404), ("DELETE", "/a/b", 405)):
            with self.subTest(method=method, path=path), self.assertRaises(HttpError) as caught:
                find(ROUTES, method, path)
            self.assertEqual(caught.exception.status, status)


class RequestTest(unittest.TestCase):
    def test_json_must_be_an_object(self) -> None:
        self.assertEqual(Request("POST", "/", b'{"a": 1}').json(), {"a": 1})
        for body in (b"", b"[1]", b"{", b"\xff"):
            with self.subTest(body=body), self.assertRaises(HttpError):
                Request("POST", "/", body).json()
