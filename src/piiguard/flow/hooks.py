"""What React's hooks and the language's own makers of functions do with the values and functions that they get."""

from __future__ import annotations

from collections.abc import Callable

from piiguard.flow.graph import LEAK, Op
from piiguard.flow.links import Application, Links, arguments
from piiguard.flow.program import Call, Function

Hook = Callable[[Links, Call], None]


def _node(links: Links, call: Call) -> int:
    return links.graph.node(links.graph.places[call.result])


def _argument(call: Call, position: int) -> int:
    return call.args[position][1] if position < len(call.args) else 0


def _maker(links: Links, call: Call) -> Function:
    return call.scope.function


def _state(links: Links, call: Call) -> None:
    """`const [value, set] = useState(start)`: what `set` gets, or a function given to it returns, `value` has."""
    state, given = _node(links, call), _node(links, call)
    links.graph.edge(_argument(call, 0), state)
    links.wait(Application(call, _argument(call, 0), (), state))
    links.graph.edge(given, state, LEAK)
    links.wait(Application(call, given, (state,), state))
    _pair(links, call, state, links.made(_maker(links, call), [given]))


def _reducer(links: Links, call: Call) -> None:
    """`const [state, dispatch] = useReducer(reducer, start)`."""
    state, given, action = _node(links, call), _node(links, call), _node(links, call)
    links.graph.edge(_argument(call, 1), state)
    links.graph.edge(given, action, LEAK)
    links.wait(Application(call, _argument(call, 0), (state, action), state))
    _pair(links, call, state, links.made(_maker(links, call), [given]))


def _pair(links: Links, call: Call, state: int, setter: Function) -> None:
    links.graph.edge(state, call.result, Op("write", "0"))
    links.give(call.result, setter, "1")


def _ref(links: Links, call: Call) -> None:
    links.graph.edge(_argument(call, 0), call.result, Op("write", "current"))


def _memo(links: Links, call: Call) -> None:
    """The function runs at once; its result is the value."""
    links.wait(Application(call, _argument(call, 0), (), call.result))


def _same(links: Links, call: Call) -> None:
    """The result is the (only) argument: a function, a context."""
    links.graph.edge(_argument(call, 0), call.result, LEAK)


def _promise(links: Links, call: Call) -> None:
    """`new Promise((resolve) => …)`: what `resolve` gets is the value."""
    given = _node(links, call)
    resolve = _node(links, call)
    links.give(resolve, links.made(_maker(links, call), [given]))
    links.graph.edge(given, call.result, LEAK)
    links.wait(Application(call, _argument(call, 0), (resolve,), 0))


def _bind(links: Links, call: Call) -> None:
    """`fn.bind(this, a)`: a function with the first parameters filled."""
    first = arguments(links.graph, call)[1:]
    own: set[int] = set()

    def bound(function: Function, _context: int) -> None:
        if function.number in own:  # this.save = this.save.bind(this)
            return
        for value, param in zip(first, function.params, strict=False):
            links.graph.edge(value, param, LEAK)
        rest = links.made(function, function.params[len(first) :], function.result, function.rest)
        own.update((function.number, rest.number))
        links.give(call.result, rest)

    links.on_function(call.receiver, bound)


def _call(links: Links, call: Call) -> None:
    links.wait(Application(call, call.receiver, arguments(links.graph, call)[1:], call.result))


def _apply(links: Links, call: Call) -> None:
    links.wait(Application(call, call.receiver, (), call.result, rest=_argument(call, 1)))


def _other_hook(links: Links, call: Call) -> None:
    """A hook of a package that gives a value and a function to change it, as `useState` does."""
    given = _node(links, call)
    links.graph.edge(given, call.result, Op("write", "0"))
    links.give(call.result, links.made(_maker(links, call), [given]), "1")


def hook_of(name: str) -> Hook | None:
    """What a function of this name does with values and functions, if it is known."""
    return HOOKS.get(name) or (_other_hook if name.startswith("use") and name[3:4].isupper() else None)


HOOKS: dict[str, Hook] = {
    "useState": _state,
    "useReducer": _reducer,
    "useRef": _ref,
    "useMemo": _memo,
    "Promise": _promise,
    "bind": _bind,
    "call": _call,
    "apply": _apply,
    **dict.fromkeys(
        (
            "useCallback",
            "useContext",
            "createContext",
            "memo",
            "forwardRef",
            "observer",
            "useDeferredValue",
            "startTransition",
            "debounce",
            "throttle",
            "once",
        ),
        _same,
    ),
}
