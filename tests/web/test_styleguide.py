"""The styleguide shows every part, and the colours keep the contrast that the rules of access ask for."""

from __future__ import annotations

import re

import pytest

from tests.web.visitor import Visitor
from web.palette import Palette, contrast, palettes
from web.rendering import file_url

_TEXT = re.compile(r"ink(-\d)?|green|blue|amber|red|plum")
_MARK = re.compile(r"control|plot-\d|(green|blue|amber|red|plum)-fill")
TEXT_RATIO, MARK_RATIO = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
_EXACT = 0.005


def test_the_styleguide_shows_every_part(admin: Visitor) -> None:
    page = admin.get("/styleguide").text
    for title in ("Colour", "Table", "Form", "Progress", "Empty", "Messages", "Toasts", "Plots", "Log"):
        assert f">{title}</h2>" in page
    for part in (
        *_parts(),
        'role="log"',
        "<progress",
        "data-plot=",
        "data-wakes-on=",
        "data-toast=",
        'class="filters"',
    ):
        assert part in page


def test_the_styleguide_uses_icons_that_the_sprite_has(admin: Visitor) -> None:
    with admin.client.application.test_request_context():
        sprite = admin.get(file_url("vendor/icons/sprite.svg")).text
    used = set(re.findall(r'sprite\.svg\?v=\w+#([\w-]+)"', admin.get("/styleguide").text))
    assert used
    assert used <= set(re.findall(r'<symbol id="([\w-]+)"', sprite))


@pytest.mark.parametrize("palette", palettes(), ids=lambda palette: palette.theme)
def test_text_and_marks_stand_out_from_every_ground(palette: Palette) -> None:
    """Text on canvas, panel, menu, code, hovered and selected rows; marks and borders on the panel."""
    codes = {colour.name: colour.code for colour in palette.colours}
    grounds = ("canvas", "surface", "raised", "sunken", "hover", "select")
    for name, code in codes.items():
        if _TEXT.fullmatch(name):
            assert min(contrast(code, codes[ground]) for ground in grounds) >= TEXT_RATIO, name
            assert f"{name}-tint" not in codes or contrast(code, codes[f"{name}-tint"]) >= TEXT_RATIO, name
        if _MARK.fullmatch(name) and name != "plum-fill":  # never alone: white stands on it
            assert contrast(code, codes["surface"]) >= MARK_RATIO, name


def test_contrast_is_the_ratio_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=_EXACT)


def _parts() -> tuple[str, ...]:
    states = ("queued", "running", "succeeded", "failed", "interrupted", "cancelled")
    health = ("healthy", "degraded", "unhealthy", "error")
    proofs = ("stored", "intact", "readable", "restored", "equal", "healthy", "damaged")
    environments = ("production", "staging", "development", "testing")
    return (
        *(f'"state state-{name}"' for name in states),
        *(f'"state health-{name}"' for name in health),
        *(f'"state proof proof-{name}"' for name in proofs),
        *(f'"environment environment-{name}"' for name in environments),
    )
