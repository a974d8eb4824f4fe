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
