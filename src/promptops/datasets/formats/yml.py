"""The short name of YAML."""

from __future__ import annotations

from promptops.datasets.formats.yaml import rows

__all__ = ["rows"]
