"""The table of shapes is whole, and REST paths have the shapes that they should."""

from __future__ import annotations

import pytest

from piiguard.facts import shapes
from piiguard.model import DATA_CLASSES


def test_every_property_is_a_shape_or_a_data_class() -> None:
    known = shapes.table().keys() | DATA_CLASSES.keys()
    for shape, fields in shapes.table().items():
        for target in [fields] if isinstance(fields, str) else fields.values():
            assert target in known, shape


@pytest.mark.parametrize("shape", sorted(shapes.table()))
def test_a_part_holds_no_more_than_the_whole(shape: str) -> None:
    for name in shapes.fields(shape):
        part = shapes.property_of(shape, name)
        assert part is not None
        assert shapes.classes(part) <= shapes.classes(shape)


@pytest.mark.parametrize("name", DATA_CLASSES)
def test_a_part_of_text_is_text(name: str) -> None:
    assert shapes.property_of(name, "anything") == name
    assert shapes.classes(name) == {name}
    assert shapes.fields(name) == {}


def test_a_shape_that_is_none_carries_nothing() -> None:
    assert shapes.property_of("function 1", "name") is None
    assert shapes.fields("function 1") == {}


@pytest.mark.parametrize(
    ("product", "path", "shape"),
    [
        ("jira", "/rest/api/3/myself", "jira-user"),
        ("jira", "/rest/api/3/user?accountId={}", "jira-user"),
        ("jira", "/rest/api/3/user/email?accountId={}", "jira-email"),
        ("jira", "/rest/api/3/issue/{}", "jira-issue"),
        ("jira", "/rest/api/3/issue/{}?fields=assignee", "jira-issue"),
        ("jira", "/rest/api/3/issue/{}?fields=status,labels", None),
        ("jira", "/rest/api/3/issue/{}/transitions", None),
        ("jira", "/rest/api/3/search/jql?jql={}", "jira-issue-list"),
        ("confluence", "/wiki/rest/api/user/current", "confluence-user"),
        ("confluence", "/wiki/api/v2/pages/{}", "confluence-content"),
        ("confluence", "/wiki/api/v2/pages/{}/properties", None),
        ("confluence", "/rest/api/3/myself", None),
        ("jira", "/rest/weather", None),
    ],
)
def test_response(product: str, path: str, shape: str | None) -> None:
    assert shapes.of_response(product, path) == shape
