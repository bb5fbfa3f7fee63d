"""The release of Basekeeper that is running."""

from __future__ import annotations

VERSION = "0.1.0"
