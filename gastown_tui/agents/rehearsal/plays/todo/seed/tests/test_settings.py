"""Settings."""

import unittest

from app.settings import Settings, load


class SettingsTest(unittest.TestCase):
    def test_nothing_said(self) -> None:
        self.assertEqual(load([], {}).database, Settings.database)

    def test_command_line_and_environment(self) -> None:
        chosen = load(["--port", "81", "--db", "x.db"], {"TODO_HOST": "0.0.0.0"})
        self.assertEqual((chosen.host, chosen.port, chosen.database), ("0.0.0.0", 81, "x.db"))
