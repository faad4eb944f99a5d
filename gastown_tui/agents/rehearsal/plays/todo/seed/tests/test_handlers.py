"""The JSON API of the todos."""

from tests.support import AppTest


class HandlersTest(AppTest):
    def test_add_and_list(self) -> None:
        added = self.call("POST", "/todos", {"title": " milk "})
        self.assertEqual(added.status, 201)
        self.assertEqual(added.json()["title"], "milk")
        self.assertEqual(self.call("GET", "/todos").json(), [added.json()])

    def test_a_title_is_needed(self) -> None:
        for value in ({}, {"title": "  "}, {"title": 7}, {"title": "x" * 501}, ["title"]):
            with self.subTest(value=value):
                self.assertEqual(self.call("POST", "/todos", value).status, 400)

    def test_done(self) -> None:
        number = self.call("POST", "/todos", {"title": "milk"}).json()["id"]
        self.assertTrue(self.call("PUT", f"/todos/{number}", {"done": True}).json()["done"])
        self.assertEqual(self.call("PUT", f"/todos/{number}", {"done": "yes"}).status, 400)

    def test_remove(self) -> None:
        number = self.call("POST", "/todos", {"title": "milk"}).json()["id"]
        self.assertEqual(self.call("DELETE", f"/todos/{number}").status, 204)
        self.assertEqual(self.call("DELETE", f"/todos/{number}").status, 404)

    def test_no_such_todo(self) -> None:
        for path in ("/todos/7", "/todos/seven", "/todos/9999999999999999999"):
            with self.subTest(path=path):
                self.assertEqual(self.call("PUT", path, {"done": True}).status, 404)
