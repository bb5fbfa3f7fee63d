"""A plot tells the same to the script that draws it and to those who read its table."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import render_template_string

from tests.web.visitor import Visitor
from web.plots import Kind, Plot, Series

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
MACROS = '{% from "macros/plots.html" import plot_panel %}'


def plot(*values: float | None, title: str = "measured") -> Plot:
    moments = [START + timedelta(hours=place) for place in range(len(values))]
    return Plot(moments, (Series(title, values),), unit="bytes")


@pytest.mark.parametrize(
    ("values", "enough"),
    [((), False), ((1,), False), ((1, None), False), ((1, 2), True), ((1, None, 2), True)],
)
def test_two_points_are_enough(values: tuple[float | None, ...], enough: bool) -> None:
    assert plot(*values).is_enough is enough


def test_the_data_are_the_rows() -> None:
    shown = plot(1_500_000_000, None, 3e9)
    assert shown.data["moments"] == [START.timestamp() + 3600 * place for place in range(3)]
    assert shown.data["series"][0]["values"] == [1_500_000_000, None, 3e9]
    assert [values for _, values in shown.rows] == [("3.0 GB",), ("",), ("1.5 GB",)]  # newest first


@pytest.mark.parametrize(
    ("values", "kind", "is_on_zero"),
    [
        ((62_700, 62_800), "line", True),  # 0.1 kB less must not look like a fall
        ((10, 90), "line", False),
        ((10, 90), "area", True),
        ((-5, -4), "line", False),
        ((None, None), "line", True),
    ],
)
def test_a_line_of_small_differences_stands_on_zero(
    values: tuple[float | None, ...], kind: Kind, is_on_zero: bool
) -> None:
    assert replace(plot(*values), kind=kind).data["onZero"] is is_on_zero


def test_days_begin_at_midnight_here() -> None:
    days = Plot([date(2026, 11, 19), date(2026, 11, 20)], (Series("succeeded", [1234, 2]),), kind="bars")
    first = datetime.fromtimestamp(days.data["moments"][0]).astimezone()
    assert (first.day, first.hour) == (19, 0)
    assert list(days.rows) == [("Nov 20", ("2",)), ("Nov 19", ("1,234",))]


def test_w2_a_hostile_title_stays_data(admin: Visitor) -> None:
    hostile = "</script><script>alert(1)</script>"
    shown = plot(1, 2, title=hostile)
    with admin.client.application.test_request_context():
        page = render_template_string(
            MACROS + "{{ plot_panel('sizes', title, plot) }}", plot=shown, title=hostile
        )
    assert page.count("<script") == page.count("</script>") == 1
    data = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert data and json.loads(data[1])["series"][0]["title"] == hostile


def test_too_few_points_say_so(admin: Visitor) -> None:
    with admin.client.application.test_request_context():
        page = render_template_string(MACROS + "{{ plot_panel('sizes', 'Size', plot) }}", plot=plot(1))
    assert "Not enough yet" in page
    assert "data-plot" not in page
