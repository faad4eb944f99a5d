"""Tokens."""

import base64
import json
import unittest

from app.tokens import BadToken, issue, user_of

SECRET = "only for tests"


class TokensTest(unittest.TestCase):
    def test_says_who_somebody_is(self) -> None:
        self.assertEqual(user_of(issue(7, SECRET, 5), SECRET), 7)

    def test_has_three_parts_others_can_read(self) -> None:
        head, claims, _ = issue(7, SECRET, 5, now=1000).split(".")
        self.assertEqual(read(head), {"alg": "HS256", "typ": "JWT"})
        self.assertEqual(read(claims), {"sub": "7", "iat": 1000, "exp": 1300})

    def test_ends(self) -> None:
        token = issue(7, SECRET, 5, now=1000)
        self.assertEqual(user_of(token, SECRET, now=1299), 7)
        with self.assertRaises(BadToken):
            user_of(token, SECRET, now=1300)

    def test_another_secret_or_changed_claims(self) -> None:
        head, claims, signature = issue(7, SECRET, 5).split(".")
        forged = claims[:-2] + ("AA" if claims[-2:] != "AA" else "BB")
        for token in (issue(7, "another", 5), f"{head}.{forged}.{signature}", f"{head}.{claims}."):
            with self.subTest(token=token), self.assertRaises(BadToken):
                user_of(token, SECRET)

    def test_unsigned(self) -> None:
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        with self.assertRaises(BadToken):
            user_of(f"{head}.{issue(7, SECRET, 5).split('.')[1]}.", SECRET)

    def test_what_is_no_token(self) -> None:
        for token in ("", "a.b.c", "a.b", "....", "\u00e9.\u00e9.\u00e9"):
            with self.subTest(token=token), self.assertRaises(BadToken):
                user_of(token, SECRET)


def read(part: str) -> object:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
