"""Formats: the same document in each, the lines that they report, and hostile files."""

from __future__ import annotations

import io
import sys
import zipfile
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.document.document_builders import FOLDER, read_text, said
from piiguard.claims.document.judging import alone
from piiguard.claims.document.reading import FORMATS, MAX_BYTES, load, read
from piiguard.claims.document.sentences import sentences
from piiguard.claims.document.understand import understand
from piiguard.errors import UsageError
from piiguard.trustcenter import Block

TEXT = FOLDER.joinpath("trust-center.txt").read_text(encoding="utf-8")
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(paragraphs: list[str], before: str = "") -> bytes:
    """A Word document of plain paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    xml = f'<?xml version="1.0"?>{before}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", xml)
    return stream.getvalue()


def pdf(lines: list[str]) -> bytes:
    """A PDF of one page with these lines."""
    shown = "".join(f"({line}) Tj T* " for line in lines)
    content = f"BT /F1 12 Tf 14 TL 50 700 Td {shown}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + trailer % (table, len(out))


def test_html_and_markdown_say_the_same() -> None:
    markdown = "# Page\n\n## 1. Data\n\n- We store **no personal data**.\n- The app sets no cookies.\n"
    html = (
        "<h1>Page</h1>\n\n<h2>1. Data</h2>\n\n"
        "<ul><li>We store <b>no personal data</b>.</li>\n<li>The app sets no cookies.</li></ul>"
    )
    one, other = read_text(markdown), read_text(html, "page.html")
    assert [(each.line, each.section, each.quote, each.kind) for each in one.statements] == [
        (each.line, each.section, each.quote, each.kind) for each in other.statements
    ]


def test_a_docx_counts_paragraphs() -> None:
    document = understand("page.docx", docx(["Our page", "We store no personal data.", "The app sets no cookies."]))
    assert [(each.line, each.kind) for each in document.statements] == [
        (2, "no-personal-data-stored"),
        (3, "no-cookies"),
    ]


def test_a_pdf_counts_lines() -> None:
    document = understand("page.pdf", pdf(["We store no personal data.", "The app sets no cookies."]))
    assert [(each.line, each.kind) for each in document.statements] == [
        (1, "no-personal-data-stored"),
        (2, "no-cookies"),
    ]


@pytest.mark.parametrize(("name", "module"), [("page.docx", "defusedxml"), ("page.pdf", "pypdf")])
def test_without_the_library_one_message_says_what_to_do(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in [each for each in sys.modules if each.split(".")[0] == module]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match="piiguard\\[documents\\]"):
        understand(name, docx(["x"]) if name.endswith("docx") else pdf(["x"]))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.exe", b"MZ"),
        ("page.md", b"\xff\xfe\x00\xd8"),
        ("page.txt", b"\x80abc"),
        ("page.docx", b"no zip"),
        ("page.docx", docx(["x"], '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>')),
        ("page.pdf", b"%PDF-1.4 nothing"),
        ("page.md", b"a" * (MAX_BYTES + 1)),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(name: str, data: bytes) -> None:
    with pytest.raises(UsageError, match=name):
        understand(name, data)


def test_a_word_file_that_unpacks_beyond_measure_is_refused() -> None:
    with pytest.raises(UsageError, match="too large"):
        understand("page.docx", docx(["a" * (17 * 1024 * 1024)]))


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none.md")


def test_what_the_pdf_library_logs_is_not_heard(caplog: pytest.LogCaptureFixture) -> None:
    broken = pdf(["We store no personal data."]).replace(b"startxref\n", b"startxref\n9")
    assert [each.kind for each in understand("page.pdf", broken).statements] == ["no-personal-data-stored"]
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Wir speichern keine Daten und die App sendet nichts.\n", "this paragraph is in German"),
        ("Nous ne stockons aucune donnée.\n\nLes données sont dans le site.\n", "2 paragraphs"),
        ("当应用不存储任何个人数据。\n", "another language"),
    ],
)
def test_another_language_is_a_gap(text: str, says: str) -> None:
    document = read_text(f"# Page\n\nWe set no cookies.\n\n{text}")
    assert [each.kind for each in document.statements] == ["no-cookies"]
    (gap,) = document.gaps
    assert gap.line == 5
    assert says in gap.says
    assert "only English is read" in gap.says


def test_an_english_page_has_no_gap_and_one_without_a_promise_has() -> None:
    assert not read_text("We set no cookies, and GitLab in die Cloud is fine.").gaps
    (gap,) = read_text("# Page\n\nHello.\n").gaps
    assert "no promise was found" in gap.says


@pytest.mark.parametrize("text", ["", " \n\n", "<!-- nothing -->", "<script>x()</script>"])
def test_a_document_without_text_is_refused_when_it_is_judged(text: str) -> None:
    with pytest.raises(UsageError, match="holds no text"):
        alone(read_text(text))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Last updated: 2026/03/05", "2026-03-05"),
        ("Last update: 5-March-2026", "2026-03-05"),
        ("Updated on Thursday, 5 March 2026", "2026-03-05"),
        ("Version 3 (5th March 2026)", "2026-03-05"),
        ("Published 05.03.2026", "2026-03-05"),
        ("Version 3.1 of the app", None),
        ("Last updated: 2026/13/45", None),
    ],
)
def test_forms_of_dates(written: str, day: str | None) -> None:
    assert read_text(f"# Page\n\n{written}\n").updated == day


def test_hosts_that_a_sentence_writes_out_are_named() -> None:
    document = read_text(
        "- External calls: To be stated: `hooks.vendor.example`, see `manifest.yml` and api.atlassian.com\n"
    )
    assert [row.names.hosts for row in document.providers] == [("hooks.vendor.example",)]


def test_what_nobody_sees_is_not_read() -> None:
    hidden = "<script>We store personal data.</script><style>.x{}</style><p hidden>We set cookies.</p>"
    assert not said(f"<body>{hidden}<p>Hello.</p></body>", "page.html")


@pytest.mark.parametrize(
    "text",
    [
        "<p>x" * 400,
        "<div>" * 3000 + "x",
        "<table>" * 2000,
        "- " * 400,
        "> " * 4000 + "x",
        "#" * 9000,
        "|" * 9000,
        "(" * 9000,
    ],
)
@pytest.mark.parametrize("name", ["page.md", "page.html", "page.txt"])
def test_endless_nesting_ends(text: str, name: str) -> None:
    understand(name, text.encode())


@pytest.mark.parametrize("depth", [1, 18, 19, 20, 21, 30, 38, 39, 40, 41, 48, 500])
@pytest.mark.parametrize("marker", ["> ", ">", "- ", "1. ", "> - "])
def test_a_promise_is_read_however_deep(depth: int, marker: str) -> None:
    text = f"Hello.\n\n{marker * depth}We store no personal data.\n"
    assert [(each.line, each.kind) for each in read_text(text).statements] == [(3, "no-personal-data-stored")]


@pytest.mark.parametrize("marker", ["- ", "1. "])
def test_a_promise_is_read_below_thirty_items(marker: str) -> None:
    items = [*("Level" for _ in range(30)), "We store no personal data."]
    text = "".join(f"{' ' * len(marker) * level}{marker}{item}\n" for level, item in enumerate(items))
    assert [(each.line, each.kind) for each in read_text(text).statements] == [(31, "no-personal-data-stored")]


@pytest.mark.parametrize("name", ["page.md", "page.html", "page.txt"])
def test_noise_is_no_text(name: str) -> None:
    noise = bytes(number * 37 % 128 for number in range(50_000))
    with pytest.raises(UsageError, match="control characters"):
        understand(name, noise)


def test_a_stray_control_character_is_no_noise() -> None:
    assert said("We store no personal data.\0\n") == {("no-personal-data-stored", "promise")}


@pytest.mark.parametrize("name", ["page.md", "page.html", "page.txt"])
def test_an_endless_sentence_is_a_gap(name: str) -> None:
    endless = "We store no personal data and the app, which " * 60
    document = read_text(f"The app sets no cookies.\n\n{endless}", name)
    assert {each.kind for each in document.statements} == {"no-cookies"}
    (gap,) = document.gaps
    assert (gap.line, gap.says) == (3, "this sentence has more than 2,000 characters: not read")
    assert alone(document).exit_code == 3


def test_endless_words_around_a_sentence_are_a_gap() -> None:
    document = read_text(f"# {'Data ' * 500}\n\nThe app sets no cookies. We store nothing.\n")
    assert [(gap.line, gap.says[:11]) for gap in document.gaps[:1]] == [(3, "2 sentences")]


def test_an_abbreviation_ends_no_sentence() -> None:
    text = "Some data, e.g. Names, is kept approx. Ten days."
    (block,) = read("page.txt", text.encode()).parts
    assert isinstance(block, Block)
    assert [each.body.text for each in sentences(block)] == [text]


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\0\t\n\r"), max_size=300),
    st.sampled_from([each for each in FORMATS if each not in (".docx", ".pdf")]),
)
def test_any_text_can_be_read_and_lines_exist(text: str, suffix: str) -> None:
    data = text.encode("utf-8", "replace")
    last = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for part in read(f"page{suffix}", data).parts:
        assert 1 <= (part.body.line if isinstance(part, Block) else part.line) <= last


def test_same_bytes_same_document() -> None:
    assert read_text(TEXT, "page.txt") == read_text(TEXT, "page.txt")


def test_indented_html_after_an_empty_line_is_read_as_html() -> None:
    document = read_text(
        '<div>\n\n    <a href="/x" class="card">\n        <p>The app sets no cookies.</p>\n    </a>\n</div>\n'
    )
    assert [(each.line, each.kind, each.quote) for each in document.statements] == [
        (4, "no-cookies", "The app sets no cookies.")
    ]


def test_what_is_not_personal_is_not_taken_for_personal() -> None:
    found = said("The app stores the following non-personal configuration data:\n\n- Templates\n- Colours\n")
    assert "no-personal-data-stored" not in {kind for kind, _ in found}
