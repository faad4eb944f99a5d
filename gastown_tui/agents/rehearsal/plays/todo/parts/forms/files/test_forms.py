"""The pages on which somebody registers or signs in."""

from tests.support import AppTest


class FormsTest(AppTest):
    def test_both_ask_for_the_same_and_send_it_to_their_own_path(self) -> None:
        for path in ("/register", "/login"):
            with self.subTest(path=path):
                page = self.call("GET", path)
                self.assertEqual(page.status, 200)
                self.assertIn("text/html", page.content_type)
                self.assertIn(f'action="{path}"', page.body.decode())
                self.assertIn('type="password"', page.body.decode())

    def test_each_leads_to_the_other(self) -> None:
        self.assertIn(b'href="/login"', self.call("GET", "/register").body)
        self.assertIn(b'href="/register"', self.call("GET", "/login").body)
