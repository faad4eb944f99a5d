"""The store of todos."""

from app import todos
from tests.support import AppTest


class TodosTest(AppTest):
    def test_starts_empty(self) -> None:
        self.assertEqual(todos.every(self.db), [])

    def test_keeps_what_was_added_in_order(self) -> None:
        first, second = todos.add(self.db, "milk"), todos.add(self.db, "bread")
        self.assertEqual(todos.every(self.db), [first, second])

    def test_marks_as_done_and_back(self) -> None:
        todo = todos.add(self.db, "milk")
        self.assertTrue(todos.mark(self.db, todo.id, True).done)
        self.assertFalse(todos.mark(self.db, todo.id, False).done)

    def test_a_todo_that_is_not_there(self) -> None:
        self.assertIsNone(todos.mark(self.db, 7, True))
        self.assertFalse(todos.remove(self.db, 7))

    def test_removes(self) -> None:
        todo = todos.add(self.db, "milk")
        self.assertTrue(todos.remove(self.db, todo.id))
        self.assertEqual(todos.every(self.db), [])
