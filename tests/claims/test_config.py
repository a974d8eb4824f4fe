"""piiguard.yaml: every mistake has its line, and what is right is resolved per app."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from claims.claims_builders import policy
from piiguard.claims.config import ConfigError, load_policy, parse_policy
from piiguard.claims.policy import Policy
from piiguard.errors import UsageError

MISTAKES = [
    *((each["text"], each["error"]) for each in YAML(typ="safe").load(Path(__file__).with_name("mistakes.yaml"))),
    ('"a\\nb\\e[31m": 1\n', r"1: a\nb\x1b[31m is not known"),
    ("a: " + "[" * 1500, "1: the file is nested too deeply"),
]


@pytest.mark.parametrize(("text", "error"), MISTAKES, ids=[error for _, error in MISTAKES])
def test_mistake(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy(text.encode(), "piiguard.yaml")
    assert str(caught.value) == f"piiguard.yaml:{error}"
    assert caught.value.exit_code == 2


def test_all_mistakes_are_told_at_once_in_order() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy(b"claims:\n  no-cookies: 3\nhosts: 4\nwho: me\n", "piiguard.yaml")
    assert [line.split(": ")[0] for line in caught.value.lines] == [
        "piiguard.yaml:2",
        "piiguard.yaml:3",
        "piiguard.yaml:4",
    ]


@pytest.mark.parametrize("text", [b"\xff\xfe", b"#" * 300_000, b"\x00"], ids=["bytes", "size", "control"])
def test_what_is_no_text_is_one_message(text: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^piiguard.yaml:1: [^\n]+$"):
        parse_policy(text, "piiguard.yaml")


@pytest.mark.parametrize(
    "text", [b"", b"# nothing yet\n", b"claims:\nhosts:\nallow:\nattestations:\nwaivers:\napps:\n"]
)
def test_an_empty_file_is_the_strict_default(text: bytes) -> None:
    found = parse_policy(text, "piiguard.yaml")
    assert (found.everyone, found.apps, found.waivers, found.attestations) == (Policy().everyone, {}, (), ())


def test_the_example_of_the_documentation_is_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "piiguard-yaml.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    found = policy(example)
    assert set(found.apps) == {"apps/tracker"}
    assert (len(found.attestations), len(found.waivers), len(found.everyone.hosts)) == (1, 1, 2)


def test_lines_and_digest_are_kept() -> None:
    found = policy(
        "claims:\n  no-cookies: false\nhosts:\n  - host: a.example\n    kind: subprocessor\n    name: A\n"
        "allow:\n  self-hosted: true\n  store-user-content: false\ncount:\n  logs: false\n  feature-flags: true\n"
    )
    assert found.everyone.unclaimed == {"no-cookies": 2}
    assert [(host.pattern, host.kind, host.line, host.name) for host in found.everyone.hosts] == [
        ("a.example", "subprocessor", 4, "A")
    ]
    assert found.everyone.relaxed == {"allow.self-hosted": 8, "count.logs": 11}
    assert len(found.sha256) == 64


def test_an_app_adds_to_and_takes_back_what_holds_for_all() -> None:
    found = policy(
        "claims: {no-cookies: false, no-pixels: false}\nallow: {self-hosted: true}\ncount: {logs: false}\n"
        "hosts: [{host: a.example, kind: subprocessor}]\n"
        "apps:\n  one:\n    claims: {no-cookies: true}\n    count: {logs: true}\n"
        "    hosts: [{host: b.example, kind: customer-configured}]\n"
    )
    one, other = found.for_app("one"), found.for_app("other")
    assert (one.unclaimed, other.unclaimed) == ({"no-pixels": 1}, {"no-cookies": 1, "no-pixels": 1})
    assert (one.relaxed, other.relaxed) == ({"allow.self-hosted": 2}, {"allow.self-hosted": 2, "count.logs": 3})
    assert [host.pattern for host in one.hosts] == ["b.example", "a.example"]


def test_the_file_is_found_at_the_root(tmp_path: Path) -> None:
    assert load_policy(tmp_path) == Policy()
    (tmp_path / "piiguard.yml").write_text("claims: {no-cookies: false}\n")
    assert load_policy(tmp_path).path == "piiguard.yml"
    assert load_policy(tmp_path).everyone.unclaimed == {"no-cookies": 1}
    (tmp_path / "piiguard.yaml").write_text("")
    with pytest.raises(UsageError, match=r"both piiguard.yaml and piiguard.yml are there"):
        load_policy(tmp_path)


def test_a_named_file_wins(tmp_path: Path) -> None:
    (tmp_path / "piiguard.yaml").write_text("claims: {no-cookies: false}\n")
    other = tmp_path / "strict.yaml"
    other.write_text("version: 1\n")
    assert load_policy(tmp_path, other).everyone.unclaimed == {}
    with pytest.raises(UsageError, match=r"absent.yaml: cannot be read"):
        load_policy(tmp_path, tmp_path / "absent.yaml")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("version: 1\n")
    root = tmp_path / "app"
    root.mkdir()
    (root / "piiguard.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(UsageError, match="a link that leaves the scanned folder"):
        load_policy(root)


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "piiguard.yaml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        load_policy(tmp_path)
