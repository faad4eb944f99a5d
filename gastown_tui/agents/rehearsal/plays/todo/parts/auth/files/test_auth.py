"""Registering and signing in."""

from app import tokens
from app.web import Response
from tests.support import AppTest

ADA = {"email": "ada@example.org", "password": "correct horse"}


class AuthTest(AppTest):
    def user_of(self, answer: Response) -> int:
        return tokens.user_of(answer.json()["token"], self.settings.secret)

    def test_both_answer_with_a_token_for_the_same_user(self) -> None:
        registered, signed_in = self.call("POST", "/register", ADA), self.call("POST", "/login", ADA)
        self.assertEqual((registered.status, signed_in.status), (201, 200))
        self.assertEqual(self.user_of(registered), self.user_of(signed_in))

    def test_an_address_is_taken_once(self) -> None:
        self.call("POST", "/register", ADA)
        self.assertEqual(self.call("POST", "/register", ADA).status, 409)

    def test_what_is_no_address_or_too_short(self) -> None:
        for wrong in ({"email": "ada"}, {"email": "a b@c"}, {"email": 7}, {"password": "short"}, {"password": "x" * 1001}):
            with self.subTest(wrong=wrong):
                self.assertEqual(self.call("POST", "/register", {**ADA, **wrong}).status, 400)

    def test_a_wrong_password_and_an_unknown_address_look_the_same(self) -> None:
        self.call("POST", "/register", ADA)
        wrong = self.call("POST", "/login", {**ADA, "password": "correct house"})
        unknown = self.call("POST", "/login", {**ADA, "email": "bob@example.org"})
        self.assertEqual((wrong.status, wrong.body), (401, unknown.body))
