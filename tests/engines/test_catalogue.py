"""The rule catalogue: what a rule file must hold, and what each mistake is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from piiguard.engines import catalogue
from piiguard.errors import EngineError, UsageError
from piiguard.model import Rule

GOOD = """\
rules:
  - id: my-store
    languages: [javascript, typescript]
    severity: INFO
    message: Writes to a store
    pattern: $STORE.keep($VALUE)
    metadata:
      piiguard:
        role: sink
        category: pii-storage
        slots: [arg:0, "arg:1[*].value"]
        callee:
          imports: ["@my/store#*", "store#default"]
        why: It stays there.
        fix: Do not keep it.
      references: ["https://example.com/store"]
"""


def load(folder: Path, text: str, name: str = "my-store.yaml") -> catalogue.Catalogue:
    path = folder / "own" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return catalogue.load([path.parent])


def test_a_rule_of_the_vendor_joins_the_packaged_ones(tmp_path: Path) -> None:
    alone = catalogue.load()
    known = load(tmp_path, GOOD)
    assert set(known.rules) == {*alone.rules, "my-store"}
    assert list(known.rules) == sorted(known.rules)
    rule = known.rules["my-store"]
    assert (rule.engine, rule.topic, rule.title) == ("semgrep", "own", "Writes to a store")
    assert rule.callee.imports == ("@my/store#*", "store#default")
    assert rule.references == ("https://example.com/store",)
    part = next(part for part in known.semgrep_rules("typescript") if part["id"] == "my-store")
    assert part["languages"] == ["typescript"]
    assert part["pattern"] == "$STORE.keep($VALUE)"
    assert "metadata" not in part


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("severity: INFO", "severity: INFO\n    colour: red", "colour"),
        ("        store: kvs", "        stoor: kvs", "stoor"),
        ("role: sink", "role: drain", "drain"),
        ("category: pii-storage", "category: pii-cellar", "unknown category 'pii-cellar'"),
        ("category: pii-storage", "category: pii-storage\n        data: [shoe-size]", "unknown data class 'shoe-size'"),
        ("slots: [arg:0,", "slots: [argument,", "unknown slot 'argument'"),
        ('"store#default"', '"store.default"', "unknown import 'store.default'"),
        ("        slots:", "        host: www\n        slots:", "unknown host 'www'"),
        ("id: my-store", "id: your-store", "the rule id your-store is not the file name"),
        ("id: my-store", "id: My_Store", "not kebab-case"),
        ("why: It stays there.", "why: ' '", "help is missing"),
        ("        fix: Do not keep it.\n", "", "help is missing"),
        ("why: It stays there.", "", "why"),
        ("languages: [javascript, typescript]", "languages: [typescript]", "languages is ['typescript']"),
        ("message: Writes to a store", "message: ''", "message is not one line"),
        ("pattern: $STORE.keep($VALUE)", "pattern: $STORE.$KEEP($VALUE)", "no literal word"),
        (
            "pattern: $STORE.keep($VALUE)",
            "pattern-either: [{pattern: a.keep($X)}, {pattern: $F($X)}]",
            "no literal word",
        ),
        ("pattern: $STORE.keep($VALUE)", "patterns: [{pattern: $F(...)}, {pattern-not: keep(...)}]", "no literal word"),
        ("pattern: $STORE.keep($VALUE)", "pattern: keep()\n    pattern-regex: keep", "exactly one of"),
        ("    pattern: $STORE.keep($VALUE)\n", "", "exactly one of"),
        ("role: sink", "role: source", "a source needs a shape"),
        ("role: sink", "role: source\n        shape: no-such-shape", "unknown shape 'no-such-shape'"),
        ('        slots: [arg:0, "arg:1[*].value"]\n', "", "a sink needs slots"),
        ("        category: pii-storage\n", "", "a sink needs a category"),
        ("message: Writes to a store", "message: &m Writes to a store", "anchors"),
        ("rules:\n", "rules: [", "not YAML"),
        ("severity: INFO", "severity: INFO\n    severity: INFO", "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = GOOD.replace(old, new, 1) if old in GOOD else GOOD.replace("        slots:", f"{new}\n        slots:", 1)
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert says in caught.value.what
    assert caught.value.where.endswith("my-store.yaml")
    assert caught.value.todo


def test_words_of_a_regular_expression_or_a_string_are_literal_words(tmp_path: Path) -> None:
    for pattern in (
        "patterns: [{pattern: $F(...)}, {metavariable-regex: {metavariable: $F, regex: ^(keep|hold)$}}]",
        "pattern: import $X from 'kept'",
        "pattern-regex: '[a-z]+keep'",
    ):
        assert "my-store" in load(tmp_path, GOOD.replace("pattern: $STORE.keep($VALUE)", pattern)).rules


def test_an_id_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="forge-kvs-set is taken"):
        load(tmp_path, GOOD.replace("my-store", "forge-kvs-set"), "forge-kvs-set.yaml")
    taken = Rule(id="forge-kvs-set", role="sink", engine="libcst", topic="x", title="x")
    with pytest.raises(UsageError, match="forge-kvs-set is taken"):
        catalogue.load().with_rules([taken])


def test_two_rules_in_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 rules in one file"):
        load(tmp_path, GOOD + GOOD.removeprefix("rules:\n"))


def test_a_folder_without_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="holds no rule"):
        catalogue.load([tmp_path])
    with pytest.raises(UsageError, match="no such rule file"):
        catalogue.load([tmp_path / "missing"])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        catalogue.load([tmp_path])


def test_the_digest_covers_files_and_declared_rules(tmp_path: Path) -> None:
    digests = {
        catalogue.load().digest,
        load(tmp_path, GOOD).digest,
        load(tmp_path, GOOD.replace("keep(", "hold(")).digest,
        load(tmp_path, GOOD + "# a comment\n").digest,
        catalogue.load().with_rules([Rule(id="one", role="sink", engine="libcst", topic="x", title="x")]).digest,
        catalogue.load().with_rules([Rule(id="one", role="sink", engine="libcst", topic="x", title="y")]).digest,
    }
    assert len(digests) == 6
    assert catalogue.load().digest in digests
    assert all(digest.startswith("sha256:") for digest in digests)


def test_what_is_kept_between_runs_is_used_only_while_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "rules" / "own"
    folder.mkdir(parents=True)
    path = folder / "my-store.yaml"
    path.write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(catalogue, "packaged_rules", lambda: tmp_path / "rules")
    first = catalogue.load()
    assert (tmp_path / "rules/__pycache__/catalogue.msgpack").is_file()
    assert catalogue.load() == first
    path.write_text(GOOD.replace("Writes", "Puts"), encoding="utf-8")
    assert catalogue.load().rules["my-store"].title == "Puts to a store"
    (tmp_path / "rules/__pycache__/catalogue.msgpack").write_bytes(b"spoilt")
    assert catalogue.load().rules["my-store"].title == "Puts to a store"
