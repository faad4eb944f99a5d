"""The store of todos."""

import sqlite3
from contextlib import closing

from app import todos
from tests.support import AppTest

ADA, BOB = 1, 2


class TodosTest(AppTest):
    def test_starts_empty(self) -> None:
        self.assertEqual(todos.every(self.db, ADA), [])

    def test_keeps_what_was_added_in_order(self) -> None:
        first, second = todos.add(self.db, ADA, "milk"), todos.add(self.db, ADA, "bread")
        self.assertEqual(todos.every(self.db, ADA), [first, second])

    def test_marks_as_done_and_back(self) -> None:
        todo = todos.add(self.db, ADA, "milk")
        self.assertTrue(todos.mark(self.db, ADA, todo.id, True).done)
        self.assertFalse(todos.mark(self.db, ADA, todo.id, False).done)

    def test_a_todo_that_is_not_there(self) -> None:
        self.assertIsNone(todos.mark(self.db, ADA, 7, True))
        self.assertFalse(todos.remove(self.db, ADA, 7))

    def test_removes(self) -> None:
        todo = todos.add(self.db, ADA, "milk")
        self.assertTrue(todos.remove(self.db, ADA, todo.id))
        self.assertEqual(todos.every(self.db, ADA), [])

    def test_somebody_elses_are_not_there(self) -> None:
        todo = todos.add(self.db, ADA, "milk")
        self.assertEqual(todos.every(self.db, BOB), [])
        self.assertIsNone(todos.mark(self.db, BOB, todo.id, True))
        self.assertFalse(todos.remove(self.db, BOB, todo.id))
        self.assertEqual(todos.every(self.db, ADA), [todo])

    def test_a_database_from_before_there_were_owners(self) -> None:
        with closing(sqlite3.connect(":memory:")) as db:
            db.row_factory = sqlite3.Row
            db.execute("CREATE TABLE todos (id INTEGER PRIMARY KEY, title TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0)")
            todos.prepare(db)
            todos.prepare(db)
            self.assertEqual(todos.every(db, todos.add(db, ADA, "milk").id), [todos.Todo(1, "milk")])
