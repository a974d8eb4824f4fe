"""Whatever plain Semgrep finds in the fixtures with the exported rules, piiguard finds, or the flow is none."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "flow_against_semgrep.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location(SCRIPT.stem, SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[SCRIPT.stem] = module  # where its dataclasses look for their module
    spec.loader.exec_module(module)
    return module


BENCHMARK = _loaded()


@functools.cache
def comparisons() -> dict[str, Any]:
    return {each.folder.name: each for each in BENCHMARK.compare(BENCHMARK.FIXTURES)}


@pytest.mark.parametrize("folder", [folder.name for folder in BENCHMARK.FIXTURES])
def test_nothing_that_semgrep_finds_is_missed(folder: str) -> None:
    known = BENCHMARK.known_false_alarms()
    missed = [place for place in comparisons()[folder].only_semgrep if (folder, place.path, place.code) not in known]
    assert not missed


def test_the_list_of_false_alarms_holds_nothing_else() -> None:
    alarms = {(folder, place.path, place.code) for folder, each in comparisons().items() for place in each.only_semgrep}
    known = BENCHMARK.known_false_alarms()
    assert not known.keys() - alarms
    assert all(known.values())


def test_following_data_across_functions_and_files_finds_more() -> None:
    found = comparisons()
    assert sum(len(each.piiguard) for each in found.values()) > sum(len(each.semgrep) for each in found.values())
