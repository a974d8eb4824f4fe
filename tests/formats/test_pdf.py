"""The PDF: the page of the HTML report, where WeasyPrint is installed."""

from __future__ import annotations

import builtins
import re
import zlib
from typing import Any

import pytest

from piiguard.errors import UsageError
from piiguard.formats import pdf

from .builders import hostile_report, observation, report

SMALL = report((observation("f1"),), snippets={"f1": ("before();", "kvs.set(key, user);")})


@pytest.fixture(scope="module")
def written() -> bytes:
    try:
        pdf.engine()
    except UsageError as error:
        pytest.skip(str(error))
    return pdf.render(SMALL)


def test_it_is_a_tagged_pdf_with_the_report_title(written: bytes) -> None:
    assert written.startswith(b"%PDF-")
    assert written.rstrip().endswith(b"%%EOF")
    streams = b"".join(map(zlib.decompress, re.findall(rb"stream\n(x.*?)\nendstream", written, re.DOTALL)))
    assert b"pdfuaid:part" in streams
    assert b"Progress Board: privacy promises and code" in streams


def test_same_report_same_bytes(written: bytes) -> None:
    assert pdf.render(SMALL) == written


def test_hostile_names_are_laid_out_and_nothing_is_fetched(written: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert pdf.render(hostile_report()).startswith(b"%PDF-")
    assert "Failed to load" not in caplog.text


@pytest.mark.parametrize(
    ("failure", "missing"), [(ModuleNotFoundError("weasyprint"), "WeasyPrint"), (OSError("libpango"), "Pango")]
)
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, failure: Exception, missing: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "weasyprint":
            raise failure
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=missing) as caught:
        pdf.engine()
    assert "piiguard[pdf]" in (caught.value.todo or "")
