"""What a log wrapper prints of what it is given: `logSite(context)` may print the site and nothing else of it.

A fact that enters a function is known inside by its entry (see graph.Contexts). Where facts of an entry reach a log
place inside the wrapper, they tell what of the argument is printed. An argument none of whose entries is seen to reach
one counts as a whole: the way to the log may be one that is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable

from piiguard.facts import shapes
from piiguard.flow.graph import Contexts, Fact, Solution
from piiguard.flow.place import MarkedPlace


class Printed:
    """What reaches the log places inside wrappers, by the entry through which it came."""

    def __init__(self, contexts: Contexts, solution: Solution, inside: Iterable[MarkedPlace]) -> None:
        """`inside`: the log places in wrappers."""
        self._solution = solution
        self._classes: dict[int, set[str]] = {}
        """Entry -> data classes that are printed of what came in through it."""
        for place in inside:
            for value in place.values(place.rule.slots):
                for fact in solution.facts(value.node):
                    if fact.site:
                        self._classes.setdefault(fact.site, set()).update(shapes.classes(fact.shape))
        self._spread(contexts)
        self._entries: dict[int, list[tuple[int, int, Fact]]] = {}
        """Call site -> entries that it brought, with the entry of the caller's fact, and the fact."""
        for number, fact in contexts.facts():
            for site, outer in contexts.callers[number] if number in self._classes else ():
                self._entries.setdefault(site, []).append((number, outer, fact))

    def _spread(self, contexts: Contexts) -> None:
        """What is printed of a wrapper's argument is printed of what a wrapper around it hands on."""
        todo = list(self._classes)
        while todo:
            entry = todo.pop()
            for _, outer in contexts.callers[entry]:
                known = self._classes.get(outer)
                if outer and (known is None or not self._classes[entry] <= known):
                    self._classes.setdefault(outer, set()).update(self._classes[entry])
                    todo.append(outer)

    def of(self, site: int, node: int) -> dict[Fact, frozenset[str]] | None:
        """For each fact of an argument, the classes that a call prints of it; None: it counts as a whole."""
        brought = self._entries.get(site, [])
        found = {
            fact: [entry for entry, outer, entered in brought if outer == fact.site and _is_same(entered, fact)]
            for fact in self._solution.facts(node)
        }
        if not any(found.values()):
            return None
        return {
            fact: frozenset(name for entry in entries for name in self._classes[entry])
            for fact, entries in found.items()
        }


def _is_same(entered: Fact, fact: Fact) -> bool:
    """A rest parameter holds its argument under its position."""
    return entered.shape == fact.shape and entered.path[len(entered.path) - len(fact.path) :] == fact.path
