"""The store of users."""

from app import users
from tests.support import AppTest


class UsersTest(AppTest):
    def test_is_known_by_address_and_password(self) -> None:
        number = users.create(self.db, "ada@example.org", "correct horse")
        self.assertEqual(users.check(self.db, "ada@example.org", "correct horse"), number)
        self.assertIsNone(users.check(self.db, "ada@example.org", "correct house"))

    def test_an_address_is_taken_once_however_it_is_written(self) -> None:
        self.assertIsNotNone(users.create(self.db, "ada@example.org", "correct horse"))
        self.assertIsNone(users.create(self.db, "Ada@Example.org", "another horse"))

    def test_an_unknown_address(self) -> None:
        self.assertIsNone(users.check(self.db, "bob@example.org", ""))

    def test_the_password_is_nowhere(self) -> None:
        users.create(self.db, "ada@example.org", "correct horse")
        self.assertNotIn("correct horse", "".join(self.db.iterdump()))
