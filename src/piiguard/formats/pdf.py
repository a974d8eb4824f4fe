"""The report as a PDF: the HTML page, laid out on A4 by WeasyPrint, an optional extra."""

from __future__ import annotations

from typing import Any

from piiguard.errors import UsageError
from piiguard.formats import html
from piiguard.model import Report

INSTALL = "Install it with `pip install 'piiguard[pdf]'`, or print the HTML report from a browser."


def render(report: Report) -> bytes:
    """The page with bookmarks, links and tags for screen readers. Same report, same fonts, same bytes.

    Raises UsageError like engine().
    """
    weasyprint = engine()
    nothing_from_elsewhere = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    page = weasyprint.HTML(string=html.render(report), url_fetcher=nothing_from_elsewhere)
    written: bytes = page.write_pdf(pdf_variant="pdf/ua-1")
    return written


def engine() -> Any:
    """WeasyPrint.

    Raises UsageError when it, or a system library that it needs, is not installed.
    """
    try:
        import weasyprint
    except ModuleNotFoundError as error:
        raise UsageError("a PDF needs WeasyPrint, which is not installed", todo=INSTALL) from error
    except OSError as error:
        raise UsageError("a PDF needs the system library Pango, which is not installed", todo=INSTALL) from error
    return weasyprint
