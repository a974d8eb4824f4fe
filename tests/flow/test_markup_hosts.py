"""Hosts that markup and style sheets load from are held against the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.scan import Options, scan

MANIFEST = """
app: {{id: ari:cloud:ecosystem::app/0}}
modules: {{function: []}}
permissions: {{external: {{styles: ['{address}']}}}}
resources: [{{key: main, path: static/app}}]
"""


@pytest.mark.parametrize(
    ("address", "category"),
    [
        ("https://fonts.example.com/css2", "egress-host"),  # the mark knows the host, not the path
        ("fonts.example.com", "egress-host"),
        ("*.example.com", "egress-host"),
        ("https://other.example.com", "undeclared-egress"),
    ],
)
def test_a_style_sheet_import(tmp_path: Path, address: str, category: str) -> None:
    (tmp_path / "manifest.yml").write_text(MANIFEST.format(address=address))
    page = tmp_path / "static" / "app" / "main.css"
    page.parent.mkdir(parents=True)
    page.write_text("@import url('https://fonts.example.com/css2?family=Mono');\n")
    observations = scan(tmp_path, Options(use_config=False)).observations
    assert [each.category for each in observations if each.location.path == "static/app/main.css"] == [category]


@pytest.mark.parametrize(
    ("page", "code", "answer"),
    [
        ("static/app/index.html", "", "contradicted"),
        ("REFERENCE.html", "", "supported"),
        ("templates/mail.html", "", "supported"),
        ("templates/mail.html", "read('mail.html')", "not-shown"),
    ],
)
def test_only_a_page_that_a_front_end_shows_contradicts(tmp_path: Path, page: str, code: str, answer: str) -> None:
    (tmp_path / "manifest.yml").write_text(MANIFEST.format(address="https://other.example.com"))
    for path, text in (
        (page, "<img src='https://pictures.example.com/x.png'>"),
        ("static/app/index.html", ""),
        ("a.js", code),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if not (tmp_path / path).exists():
            (tmp_path / path).write_text(text)
    verdicts = scan(tmp_path, Options(use_config=False)).judgement.verdicts
    assert [each.answer for each in verdicts if each.claim == "declared-hosts-only"] == [answer]
