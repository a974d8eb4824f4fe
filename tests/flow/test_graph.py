"""The graph and its solver: what each edge does to a fact, and which call gets what back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piiguard.flow.graph import (
    ANY,
    BLUR,
    DEPTH,
    ELEMENT,
    ENTRY,
    LEAK,
    Fact,
    Graph,
    Op,
    Place,
    Solution,
    apply,
    drop,
    read,
)

WHOLE = Fact("jira-user", (), "sure")
NAMES = st.sampled_from(["a", "b", "0", "1"])


def under(*path: str) -> Fact:
    return Fact("email", path, "sure")


@given(st.lists(NAMES, max_size=DEPTH - 1), NAMES)
def test_what_is_written_under_a_name_is_read_under_it(path: list[str], name: str) -> None:
    written = apply(Op("write", name), under(*path))
    assert written is not None
    assert read(written, name) == under(*path)


@given(st.lists(NAMES, min_size=DEPTH, max_size=3 * DEPTH))
def test_a_path_never_grows_beyond_its_depth(path: list[str]) -> None:
    fact = under()
    for name in path:
        fact = apply(Op("write", name), fact) or fact
    assert len(fact.path) == DEPTH


@pytest.mark.parametrize(
    ("written", "asked", "found"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", ANY, True),
        (ANY, "a", True),
        ("0", ELEMENT, True),
        (ELEMENT, "0", True),
        ("0", "1", False),
        ("a", ELEMENT, False),
        (ENTRY, ELEMENT, True),
        (ENTRY, "0", True),
        ("0", ENTRY, False),
    ],
)
def test_which_property_is_read(written: str, asked: str, found: bool) -> None:
    assert (read(under(written), asked) is not None) is found


def test_reading_moves_along_the_shape() -> None:
    email = read(WHOLE, "emailAddress")
    assert email is not None
    assert email.shape == "email"
    assert read(WHOLE, "accountType") is None
    assert read(Fact("function 7", (), "sure"), "name") is None


def test_dropping_a_property_of_a_shape_leaves_the_others() -> None:
    left = {fact.path[0]: fact.shape for fact in drop(WHOLE, "emailAddress")}
    assert "emailAddress" not in left
    assert left["displayName"] == "display-name"
    assert list(drop(WHOLE, "accountType")) == [WHOLE]
    assert list(drop(under("a"), "a")) == []
    assert list(drop(under("a", "b"), "b")) == [under("a", "b")]


def test_blur_forgets_positions_only() -> None:
    assert apply(BLUR, under("3", "a")) == under(ELEMENT, "a")
    assert apply(BLUR, under("a")) == under("a")


class Helper:
    """A graph with one function `f(value) { return value }` that two places call."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.param, self.result = self.node(1), self.node(1)
        self.graph.edge(self.param, self.result)

    def node(self, function: int) -> int:
        return self.graph.node(Place(1, 0, 0, function))

    def call(self, site: int, around: int = 0) -> tuple[int, int]:
        value, back = self.node(around), self.node(around)
        self.graph.edge(value, self.param, Op("call", site=site))
        self.graph.edge(self.result, back, Op("return", site=site))
        return value, back


def test_what_enters_at_one_call_leaves_at_that_call() -> None:
    helper = Helper()
    personal, found = helper.call(1)
    _, clean = helper.call(2)
    helper.graph.origin(personal, "email", "sure", "source")
    solution = Solution(helper.graph)
    assert solution.facts(found) == (under(),)
    assert solution.facts(clean) == ()


def test_through_two_helpers() -> None:
    """The outer call is not forgotten inside the inner one."""
    helper = Helper()
    param, result = helper.node(2), helper.node(2)
    value, back = helper.call(3, around=2)
    helper.graph.edge(param, value)
    helper.graph.edge(back, result)
    ends = []
    for site in (4, 5):
        handed, end = helper.node(0), helper.node(0)
        helper.graph.edge(handed, param, Op("call", site=site))
        helper.graph.edge(result, end, Op("return", site=site))
        ends.append((handed, end))
    helper.graph.origin(ends[0][0], "email", "sure", "source")
    solution = Solution(helper.graph)
    assert solution.facts(ends[0][1])
    assert not solution.facts(ends[1][1])


def test_a_caller_that_comes_later_gets_what_left_before() -> None:
    helper = Helper()
    first, _ = helper.call(1)
    second, found = helper.call(2)
    late = helper.node(0)
    for _ in range(5):
        after = helper.node(0)
        helper.graph.edge(late, after)
        late = after
    helper.graph.edge(late, second)
    helper.graph.origin(first, "email", "sure", "source")
    helper.graph.origin(late, "email", "sure", "source")
    assert Solution(helper.graph).facts(found) == (under(),)


def test_through_a_variable_of_the_module_every_call_gets_it() -> None:
    helper = Helper()
    personal, _ = helper.call(1)
    _, clean = helper.call(2)
    shared = helper.node(0)
    helper.graph.edge(helper.param, shared, LEAK)
    helper.graph.edge(shared, helper.result, LEAK)
    helper.graph.origin(personal, "email", "sure", "source")
    assert Solution(helper.graph).facts(clean)


def test_certain_evidence_is_shown_first_and_the_trail_starts_at_its_origin() -> None:
    graph = Graph()
    nodes = [graph.node(Place(1, index, index, 0)) for index in range(3)]
    for before, after in itertools.pairwise(nodes):
        graph.edge(before, after)
    graph.origin(nodes[0], "email", "likely", "name")
    graph.origin(nodes[0], "email", "sure", "source")
    solution = Solution(graph)
    assert solution.facts(nodes[2])[0].confidence == "sure"
    trail = solution.trail(nodes[2], under())
    assert (trail.origin.note, [node for node, _ in trail.steps]) == ("source", nodes[1:])


def test_a_graph_that_grew_is_followed_on() -> None:
    graph = Graph()
    start = graph.node(Place(1, 0, 0, 0))
    graph.origin(start, "email", "sure", "source")
    solution = Solution(graph)
    later = graph.node(Place(1, 1, 1, 0))
    graph.edge(start, later)
    solution.grown({start}, ())
    assert solution.facts(later) == (under(),)


def test_a_solution_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piiguard.flow.graph.FACTS", 2)
    graph = Graph()
    nodes = [graph.node(Place(1, 0, 1, 1)) for _ in range(4)]
    for first, second in itertools.pairwise(nodes):
        graph.edge(first, second)
    graph.origin(nodes[0], "email", "sure", "here")
    Solution(graph)
    assert graph.given_up
