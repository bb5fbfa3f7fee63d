"""Whether what is written may carry colour."""

from __future__ import annotations

import os
from typing import TextIO


def takes_colour(stream: TextIO | None) -> bool:
    """True for a terminal, unless NO_COLOR says otherwise (no-color.org) or it cannot show any."""
    if stream is None or not stream.isatty():
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
