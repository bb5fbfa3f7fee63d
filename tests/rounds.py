"""How often a test that kills or races at random is gone through: FAULT_ROUNDS, which scripts/faults sets
to 20; once in the suite."""

from __future__ import annotations

import os

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
