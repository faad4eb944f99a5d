"""Themes: readable on every ground, complete, and refused by name when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.style import Style

from gastown_tui.cockpit import themes
from gastown_tui.cockpit.draw.lines import Span
from gastown_tui.model.errors import GasTownError


def _luminance(style: Style, below: bool) -> float:
    colour = style.bgcolor if below else style.color
    assert colour is not None
    parts = [value / 255 for value in colour.get_truecolor()]
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(style: Style) -> float:
    light, dark = sorted((_luminance(style, False), _luminance(style, True)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["gastown", "daylight"])
@pytest.mark.parametrize("ground", ["ground", "raised", "well", "add", "cut", "hit"])
@pytest.mark.parametrize("role", ["text", "title", "strong", "muted", "focus", "good", "handled", "needs", "chip"])
def test_every_text_role_can_be_read_on_every_ground(name: str, ground: str, role: str) -> None:
    _, palette = themes.named(name)
    assert _contrast(palette.style(Span("x", role, False, ground))) >= 4.5


@pytest.mark.parametrize("name", ["gastown", "daylight"])
def test_what_recedes_can_still_be_read(name: str) -> None:
    _, palette = themes.named(name)
    assert _contrast(palette.receded().style(Span("x", "needs"))) >= 4.5


def test_ansi_never_writes_in_bright_black() -> None:
    _, palette = themes.named("ansi")
    for role in themes.ROLES - {"line"}:
        colour = palette.roles[role].color
        assert colour is None or colour.number != 8, role


def _written(folder: Path, old: str, new: str) -> Path:
    source = (themes.folder() / "gastown.toml").read_text(encoding="utf-8")
    assert old in source
    path = folder / "mine.toml"
    path.write_text(source.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('line = "#434954"', 'lines = "#434954"', "lines"),
        ('needs = "#ff7b6e"', "", "needs"),
        ('focus = "#63c7bb"', 'focus = "tealish"', "tealish"),
        ('primary = "#63c7bb"', 'primary = "nope"', "nope"),
        ("dark = true", "dark = ", "mine.toml"),
    ],
)
def test_a_bad_theme_is_refused_by_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(GasTownError) as refused:
        themes.load(_written(tmp_path, old, new))
    assert "mine.toml" in refused.value.title
    assert says in refused.value.title


def test_an_unknown_theme_names_those_there_are() -> None:
    with pytest.raises(GasTownError, match="ansi, daylight, gastown"):
        themes.named("neon")
