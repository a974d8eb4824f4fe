"""Which observations are the same after the code was moved, renamed or reformatted, and which are new."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from piiguard.flow.observe import unformatted
from piiguard.matching import Fingerprints, match


def seen(id: str = "1", code: str = "c", path: str = "a.js", data: tuple[str, ...] = ("account-id",)) -> Fingerprints:
    return Fingerprints(id, code, path, data)


def test_the_same_id_is_the_same() -> None:
    assert match([seen("1"), seen("2")], [seen("2"), seen("1")]) == {0: 1, 1: 0}


def test_reformatted_code_in_the_same_file_comes_before_that_of_another_file() -> None:
    elsewhere, here = seen("1", path="b.js"), seen("2", path="a.js")
    assert match([elsewhere, here], [seen("9", path="a.js")]) == {0: 1}


def test_a_renamed_file_is_known() -> None:
    assert match([seen("1", path="old.js")], [seen("2", path="new.js")]) == {0: 0}


def test_other_code_is_new() -> None:
    assert match([seen("1", "c")], [seen("2", "d")]) == {}


def test_a_copy_of_known_code_is_new() -> None:
    assert match([seen("1")], [seen("1"), seen("2", path="copy.js")]) == {0: 0}


def test_more_data_at_a_known_place_is_new_and_less_is_not() -> None:
    assert match([seen(data=("account-id",))], [seen(data=("account-id", "email"))]) == {}
    assert match([seen(data=("account-id", "email"))], [seen(data=("email",))]) == {0: 0}


def test_without_a_fingerprint_of_the_code_only_the_id_counts() -> None:
    assert match([seen("1", "")], [seen("2", "")]) == {}


@given(st.lists(st.builds(seen, st.sampled_from("12"), st.sampled_from("cd"), st.sampled_from("ab")), max_size=6))
def test_everything_is_known_to_itself_and_nothing_twice(some: list[Fingerprints]) -> None:
    pairs = match(some, some)
    assert sorted(pairs) == sorted(pairs.values()) == list(range(len(some)))


REFORMATTED = (
    ("kvs.set('last', {who, when: 1,});", 'kvs.set(\n  "last",\n  { who, when: 1 }\n)'),
    ("list.map(x => save(x))", "list.map((x) =>\n    save(\n      x,\n    ),\n)"),
    ("<img src='https://a.example/x' />", '(\n  <img\n    src="https://a.example/x"\n  />\n)'),
    ("say('it\\'s')", 'say("it\'s")'),
)


def test_what_a_formatter_changes_is_left_out() -> None:
    for one, other in REFORMATTED:
        assert unformatted(one) == unformatted(other)


def test_what_the_code_does_is_not_left_out() -> None:
    assert unformatted("log(user.email)") != unformatted("log(user, email)")
    assert unformatted("save([a, b])") != unformatted("save([a])")
