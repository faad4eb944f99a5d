"""Who is let through."""

from app import tokens
from tests.support import AppTest

ROUTES = (("GET", "/todos"), ("POST", "/todos"), ("PUT", "/todos/1"), ("DELETE", "/todos/1"))


class MiddlewareTest(AppTest):
    def test_nobody_without_a_token(self) -> None:
        for method, path in ROUTES:
            with self.subTest(method=method):
                self.assertEqual(self.call(method, path, {"title": "milk"}, token="").status, 401)

    def test_nobody_with_a_bad_one(self) -> None:
        secret = self.settings.secret
        for token in ("x", "a.b.c", tokens.issue(1, f"not {secret}", 5), tokens.issue(1, secret, -1)):
            with self.subTest(token=token):
                self.assertEqual(self.call("GET", "/todos", token=token).status, 401)

    def test_pages_and_signing_in_are_for_everybody(self) -> None:
        for path in ("/", "/login", "/register"):
            with self.subTest(path=path):
                self.assertEqual(self.call("GET", path, token="").status, 200)

    def test_from_registering_to_ones_own_list(self) -> None:
        ada, bob = ({"email": f"{name}@example.org", "password": "correct horse"} for name in ("ada", "bob"))
        self.call("POST", "/register", ada, token="")
        adas = self.call("POST", "/login", ada, token="").json()["token"]
        bobs = self.call("POST", "/register", bob, token="").json()["token"]
        milk = self.call("POST", "/todos", {"title": "milk"}, token=adas).json()
        self.assertEqual(self.call("GET", "/todos", token=adas).json(), [milk])
        self.assertEqual(self.call("GET", "/todos", token=bobs).json(), [])
        self.assertEqual(self.call("DELETE", f"/todos/{milk['id']}", token=bobs).status, 404)
