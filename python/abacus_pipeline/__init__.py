"""Runs abacus pipelines and reads what they published, as Polars, Arrow or DuckDB.

    import abacus_pipeline as abacus
    result = abacus.run("pipeline.toml")
    result.read().polars("customer")
"""

from .errors import (
    AbacusError,
    CheckFailed,
    DefinitionError,
    InputError,
    InternalError,
    LockedError,
    NoReleaseError,
    PermissionDenied,
    ResourceError,
    StoreError,
)
from .program import program
from .releases import Column, File, Release, Table, release
from .runs import Result, init_demo, run

__all__ = [
    "AbacusError",
    "CheckFailed",
    "Column",
    "DefinitionError",
    "File",
    "InputError",
    "InternalError",
    "LockedError",
    "NoReleaseError",
    "PermissionDenied",
    "Release",
    "ResourceError",
    "Result",
    "StoreError",
    "Table",
    "init_demo",
    "program",
    "release",
    "run",
]
