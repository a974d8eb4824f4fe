"""Whose property it is that a name tells of: `repository.full_name` is no person's name, `aws.accountId` no account of
Atlassian's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from piiguard.facts import names, providers
from piiguard.flow.declarations import FUNCTIONS
from piiguard.flow.program import Binding, Scope, property_name, text

_ELEMENT_OF = frozenset({
    "map", "flatMap", "forEach", "filter", "find", "findLast", "some", "every", "findIndex", "sort", "at", "pop",
    "shift",
})  # fmt: skip
"""Methods that hand out an element of their receiver, or hand it to the function that they are given."""
_TAKES_APART = {"variable_declarator": "value", "assignment_expression": "right", "for_in_statement": "right"}
_ATLASSIANS = frozenset({"git", "tracker"})
"""Kinds of services whose account may be the person's at Atlassian (Bitbucket), or that are told who a person is."""
_NEUTRAL = frozenset({"value", "label", "title", "text"})
"""Properties of options and fields, which a person has none of."""
PLACEHOLDER = "token"
_FIELD = frozenset({"fieldId", "field_id", "fieldKey", "fieldName", "field", "placeholder"})
"""Beside these, a token is a piece of a template."""
_LETTERS = 2
"""A name of so few says nothing: the next one is looked at."""
_DEPTH = 6
"""Names that are looked through from one property."""


def of_another(name: str, owners: Iterable[str]) -> bool:
    """Does a property of owners with these names (the nearest first) tell of no person whom Atlassian knows?"""
    known = tuple(owners)
    if names.data_class(name) == "account-id":
        if name.isupper() and known[:1] == ("env",):  # what is set for a deployment is nobody's
            return True
        return not any(map(_is_person, known[:1])) and any(map(_is_service, known))
    return names.of_a_thing(name, next((each for each in known if len(each) > _LETTERS), ""))


def _is_person(owner: str) -> bool:
    """`user`, `reviewer`; and `context`, where Forge tells who uses the app."""
    return owner == "context" or names.data_class(f"{owner}Id") == "account-id"


def _is_service(owner: str) -> bool:
    """Is something named after a service with accounts of its own: `getAwsConfig`, `CloudflareClient`?"""
    told = names.words(owner).split()
    runs = ("".join(told[start:end]) for end in range(1, len(told) + 1) for start in range(end))
    return any(each.telling and each.kind not in _ATLASSIANS for each in map(providers.by_name, runs) if each)


def of_read(node: Node, scope: Scope) -> Iterator[str]:
    """The names of what a member expression reads from."""
    base = node.child_by_field_name("object")
    return _names(base, scope, _DEPTH) if base is not None else iter(())


def of_pattern(pattern: Node, scope: Scope) -> Iterator[str]:
    """The names of what an object pattern takes apart."""
    around = pattern.parent
    if around is None:
        return
    if around.type == "pair_pattern" and around.parent is not None:
        key = around.child_by_field_name("key")
        yield (property_name(key) or "") if key is not None else ""
        yield from of_pattern(around.parent, scope)
    elif around.type in _TAKES_APART:
        value = around.child_by_field_name(_TAKES_APART[around.type])
        yield from _names(value, scope, _DEPTH) if value is not None else ()
    else:
        yield from _handed_out(pattern, scope, _DEPTH)


def _handed_out(param: Node, scope: Scope, depth: int) -> Iterator[str]:
    """`repos.map((r) => …)`: the parameter is named as the list."""
    function = param.parent
    while function is not None and function.type in ("formal_parameters", "required_parameter", "optional_parameter"):
        function = function.parent
    given = function.parent if function is not None and function.type in FUNCTIONS else None
    if (
        given is not None
        and given.type == "arguments"
        and given.parent is not None
        and given.named_children[0] == function
    ):
        yield from _of_call(given.parent, scope, depth)


def beside_neutral(node: Node) -> bool:
    """`v.value ?? v.label ?? v.displayName`: whatever `v` is, a text is asked of it, not a person's name."""
    whole = node
    while whole.parent is not None and _is_choice(whole.parent):
        whole = whole.parent
    base, todo = node.child_by_field_name("object"), [whole]
    while todo:
        here = todo.pop()
        if _is_choice(here):
            todo += here.named_children
            continue
        prop, mine = here.child_by_field_name("property"), here.child_by_field_name("object")
        if base is not None and mine is not None and prop is not None and text(prop) in _NEUTRAL:
            return text(mine) == text(base)
    return False


def has_placeholders(function: Node) -> bool:
    """Is a `token` of a function the text that stands for a field in a template: `{ fieldId, label, token }`?"""
    todo = [function] if function.type in FUNCTIONS else []
    while todo:
        here = todo.pop()
        if here.type in ("object", "object_pattern"):
            keys = {_key(child) for child in here.named_children}
            if PLACEHOLDER in keys and not keys.isdisjoint(_FIELD):
                return True
        todo += here.named_children
    return False


def _key(member: Node) -> str:
    key = member.child_by_field_name("key") or member
    return text(key) if key.type != "spread_element" else ""


def _is_choice(node: Node) -> bool:
    if node.type == "binary_expression":
        operator = node.child_by_field_name("operator")
        return operator is not None and text(operator) in ("??", "||")
    return node.type in ("ternary_expression", "parenthesized_expression")


def _names(node: Node, scope: Scope, depth: int) -> Iterator[str]:
    """The name of an expression, then those of what it is read from."""
    if not depth:
        return
    inner = node.child_by_field_name("object")
    if node.type == "member_expression" and inner is not None:
        prop = node.child_by_field_name("property")
        yield text(prop) if prop is not None else ""
        yield from _names(inner, scope, depth - 1)
    elif node.type == "call_expression":
        yield from _of_call(node, scope, depth)
    elif node.type == "identifier":
        yield text(node)
        binding = scope.find(text(node))
        if binding is not None:
            yield from _of_binding(binding, depth)
    elif node.type == "this":
        yield scope.owner.name if scope.owner is not None else ""
    elif inner is not None or node.named_children:
        yield from _names(inner if inner is not None else node.named_children[0], scope, depth - 1)


def _of_binding(binding: Binding, depth: int) -> Iterator[str]:
    around = binding.node.parent
    if binding.kind == "variable" and binding.value is not None:
        yield from _names(binding.value, binding.scope, depth - 1)
    elif around is not None and around.type == "for_in_statement":
        several = around.child_by_field_name("right")
        yield from _names(several, binding.scope, depth - 1) if several is not None else ()
    elif binding.kind == "param":
        yield from _handed_out(binding.node, binding.scope, depth)


def _of_call(node: Node, scope: Scope, depth: int) -> Iterator[str]:
    """`getRepository(…)` is named as its function; `repos.find(…)` as what it is an element of."""
    callee = node.child_by_field_name("function")
    prop = callee.child_by_field_name("property") if callee is not None else None
    base = callee.child_by_field_name("object") if callee is not None else None
    if prop is None or base is None:
        yield text(callee) if callee is not None else ""
    elif text(prop) in _ELEMENT_OF:
        yield from _names(base, scope, depth - 1)
    else:
        yield text(prop)
