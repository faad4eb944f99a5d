"""The HTML pages."""

from app.pages import layout
from tests.support import AppTest


class PagesTest(AppTest):
    def test_home(self) -> None:
        page = self.call("GET", "/")
        self.assertEqual(page.status, 200)
        self.assertIn("text/html", page.content_type)
        self.assertIn(b"<h1>To do</h1>", page.body)

    def test_a_title_is_text(self) -> None:
        self.assertIn("<h1>&lt;b&gt;</h1>", layout("<b>", ""))
