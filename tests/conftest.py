"""What all tests share: none of them touches the caches of whoever runs them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from piiguard.cache import VARIABLE


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs of the command line, in this process or in others, keep what they find out in a temporary folder."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ[VARIABLE]
    else:
        os.environ[VARIABLE] = before
