"""Every feature that may wait for a worker, by kind. Their arguments wait in a row, so they are plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.progress import Feature
from features.verification import verify_schema
from operations.audit_chain import verify_audit

FEATURES: tuple[Feature[Any, Any], ...] = (verify_audit, verify_schema)
CATALOGUE: Mapping[str, Feature[Any, Any]] = {feature.declaration.kind: feature for feature in FEATURES}
