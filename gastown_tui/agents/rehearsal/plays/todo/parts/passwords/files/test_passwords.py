"""Password hashes."""

import unittest

from app.passwords import hashed, matches
from app.settings import Settings, load


class PasswordsTest(unittest.TestCase):
    def test_only_the_right_one_matches(self) -> None:
        stored = hashed("correct horse")
        self.assertTrue(matches("correct horse", stored))
        self.assertFalse(matches("correct house", stored))

    def test_two_hashes_of_one_password_differ(self) -> None:
        self.assertNotEqual(hashed("correct horse"), hashed("correct horse"))

    def test_what_is_no_hash_matches_nothing(self) -> None:
        for stored in ("", "scrypt$x$y$z", "plain"):
            with self.subTest(stored=stored):
                self.assertFalse(matches("plain", stored))

    def test_the_shortest_password_can_be_set(self) -> None:
        self.assertEqual(load([], {}).password_length, Settings.password_length)
        self.assertEqual(load([], {"TODO_PASSWORD_LENGTH": "12"}).password_length, 12)
