"""What calls do with data: functions of the app, callbacks, and the library functions that hand data on.

A call of something unknown hands nothing on: what a library does with a value is for rules to say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from piiguard.flow.graph import ANY, COPY, ELEMENT, KEY, LEAK, Graph, Op
from piiguard.flow.python.program import Call, Class, File, Function, Program

RESPONSE = "json()"
"""Under this pseudo property sits the body of a response: the response object itself tells nothing."""
BODIES = frozenset({"text", "content", "data", "body", "raw"})
"""Attributes of a response that are its body."""

_TESTS = frozenset({
    "len", "isinstance", "issubclass", "bool", "int", "float", "hasattr", "callable", "any", "all", "sum", "abs",
    "range", "type", "id", "hash", "startswith", "endswith", "count", "find", "rfind", "index", "isdigit", "isalpha",
    "isalnum", "isspace", "exists", "is_file", "is_dir", "match", "fullmatch", "search", "issubset", "issuperset",
})  # fmt: skip
"""Calls whose result says something about a value, but does not hold it."""
_COPIES = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "encode", "decode",
    "replace", "split", "rsplit", "splitlines", "partition", "rpartition", "removeprefix", "removesuffix", "zfill",
    "ljust", "rjust", "center", "hex", "copy", "translate", "result", "to_dict", "dict", "model_dump",
    "model_dump_json", "as_dict", "tolist", "to_json", "to_csv", "to_string", "hexdigest", "digest", "as_string",
    "as_bytes", "getvalue", "isoformat", "head", "reset_index", "sort_values", "rename", "union", "values_list",
    "first", "all",
})  # fmt: skip
"""Methods whose result holds their receiver."""
_READS = frozenset({"get", "pop", "setdefault", "getlist", "get_all"})
"""Methods that read the property that their first argument names."""
_READ_BODY = frozenset({"json", "read", "readlines", "text", "aread", "get_json"})
"""Methods that hand out the body of a response."""
_BUILTINS = (
    "str", "repr", "list", "tuple", "set", "frozenset", "dict", "sorted", "reversed", "bytes", "bytearray", "format",
    "iter", "vars", "ascii",
)  # fmt: skip
_BASE64 = (
    "b64encode", "b64decode", "urlsafe_b64encode", "urlsafe_b64decode", "standard_b64encode", "standard_b64decode",
)  # fmt: skip
_URLS = ("quote", "quote_plus", "unquote", "unquote_plus", "urlencode", "urljoin", "urlparse", "parse_qs")
_COPY_FUNCTIONS = frozenset({
    *(f"builtins.{name}" for name in _BUILTINS), *(f"base64.{name}" for name in _BASE64),
    *(f"urllib.parse.{name}" for name in _URLS), *(f"json.{name}" for name in ("dumps", "loads", "load")),
    *(f"yaml.{name}" for name in ("dump", "safe_dump", "load", "safe_load")), "simplejson.dumps", "simplejson.loads",
    "orjson.dumps", "orjson.loads", "ujson.dumps", "pickle.dumps", "pickle.loads", "xmltodict.parse",
    "urllib.request.Request", "requests.Request", "httpx.Request", "requests.auth.HTTPBasicAuth", "httpx.BasicAuth",
    "aiohttp.BasicAuth", "html.escape", "html.unescape", "markupsafe.escape", "copy.copy", "copy.deepcopy",
    "dataclasses.asdict", "collections.OrderedDict", "io.BytesIO", "io.StringIO", "asyncio.gather", "asyncio.run",
    "asyncio.wait_for", "asyncio.create_task", "concurrent.futures.as_completed", "itertools.chain",
    "textwrap.dedent", "pprint.pformat", "types.SimpleNamespace", "sqlalchemy.text", "sqlalchemy.insert",
    "sqlalchemy.update", "email.mime.text.MIMEText", "email.mime.multipart.MIMEMultipart",
    "email.message.EmailMessage", "sendgrid.helpers.mail.Mail", "pandas.DataFrame", "pandas.Series",
    "pandas.json_normalize", "polars.DataFrame", "flask.jsonify", "bson.ObjectId", "re.sub",
    "starlette.responses.JSONResponse", "typing.cast",
})  # fmt: skip
"""Functions and constructors whose result holds their arguments."""
_BUILDERS = frozenset({"values", "insert", "returning", "where", "on_conflict_do_update", "from_", "prepare"})
"""Methods of query builders: the result holds receiver and arguments."""
_HASHES = ("hashlib.", "hmac.new", "hmac.digest", "bcrypt.hashpw", "argon2.", "passlib.")
_CIPHERS = (
    "cryptography.fernet.Fernet().encrypt",
    "cryptography.hazmat",
    "nacl.secret.SecretBox().encrypt",
    "Crypto.Cipher",
)
_GROW = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "put": 0, "put_nowait": 0}
"""Methods that put their argument at this place into their receiver."""
_MERGE = frozenset({"extend", "update", "write", "writelines", "set_content", "attach"})
"""Methods after which the receiver holds what their arguments hold."""
_CALL_LATER = {
    "submit": 0,
    "run_in_executor": 1,
    "to_thread": 0,
    "apply_async": 0,
    "call_soon": 0,
    "add_task": 0,
    "run_sync": 0,
}
"""Methods that call the function at this place with the arguments after it."""


def name_of(call: Call) -> str:
    """The last name of the callee: `put` of `session.put`."""
    func = call.node.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def tests_only(call: Call) -> bool:
    return name_of(call) in _TESTS


def read_name(call: Call) -> str | None:
    """The property that `mapping.get("name")` reads."""
    first = call.node.args[0] if call.node.args else None
    constant = first.value if isinstance(first, ast.Constant) else None
    readable = isinstance(call.node.func, ast.Attribute) and call.node.func.attr in _READS
    return constant if readable and isinstance(constant, str) else None


def mutations(call: Call) -> Iterator[tuple[str, int]]:
    """What the call puts into its receiver: property (empty: all that the value holds), graph node of the value."""
    name = name_of(call)
    position = _GROW.get(name)
    if position is not None and position < len(call.args):
        yield ELEMENT, call.args[position][1]
    elif name == "setdefault" and len(call.args) > 1:
        yield read_name(call) or ANY, call.args[1][1]
    elif name in _MERGE:
        for _, value in call.args:
            yield "", value
        for key, (_, value) in call.keywords.items():
            yield key, value


# ---------------------------------------------------------------- linking, when all files are known


def link(program: Program, graph: Graph) -> None:
    """Connect every call with what it calls, and imported names with the variables that they name."""
    for file, name, node in program.imported_values:
        _link_import(program, graph, file, name, node)
    for call in program.calls:
        ref = program.resolve(call.node.func, call.scope)
        if ref is not None and ref.kind == "function" and ref.function is not None:
            _link_function(program, graph, call, ref.function)
        elif ref is not None and ref.kind == "class" and ref.owner is not None:
            _link_class(program, graph, call, ref.owner)
        elif not _link_callback(program, graph, call):
            _link_library(graph, call, ref.name if ref is not None and ref.kind == "external" else "")


def _link_import(program: Program, graph: Graph, file: File, name: str, node: int) -> None:
    from_module, _, last = name.rpartition(".")
    ref = program.imported(file, name)
    if ref is not None and ref.kind == "module" and ref.file is not None:
        for binding in ref.file.scope.names.values():
            graph.edge(binding.cell, node, Op("write", binding.name))
        return
    owner = (
        program.imported(file, from_module if from_module.strip(".") else f"{from_module}.") if from_module else None
    )
    if owner is not None and owner.kind == "module" and owner.file is not None:
        named = owner.file.scope.names.get(last)
        if named is not None and named.kind == "variable":
            graph.edge(named.cell, node, LEAK)
        elif named is not None and named.kind == "import" and owner.file is not file:
            _link_import(program, graph, owner.file, named.target, node)


def _link_function(program: Program, graph: Graph, call: Call, function: Function, offset: int | None = None) -> None:
    if offset is None:
        offset = 1 if function.owner is not None and isinstance(call.node.func, ast.Attribute) else 0
    program.callers.setdefault(function, []).append(call)
    _hand_over(graph, call, function, call.args, offset)
    enter = Op("call", site=call.number)
    for name, (_, value) in call.keywords.items():
        if name in function.params:
            graph.edge(value, function.params[name], enter)
        elif function.keywords:
            _wrap(graph, value, function.keywords, Op("write", name), enter)
    for _, value in call.spread:
        graph.edge(value, function.keywords, enter)
        for name, param in function.params.items():
            _wrap(graph, value, param, Op("read", name), enter)
    graph.edge(function.result, call.result, Op("return", site=call.number))


def _hand_over(graph: Graph, call: Call, function: Function, args: list[tuple[ast.expr, int]], offset: int) -> None:
    enter = Op("call", site=call.number)
    params = list(function.params.values())
    for position, (syntax, value) in enumerate(args, start=offset):
        if isinstance(syntax, ast.Starred):
            for param in params[position:]:
                _wrap(graph, value, param, Op("read", ELEMENT), enter)
        elif position < len(params):
            graph.edge(value, params[position], enter)
        elif function.rest:
            _wrap(graph, value, function.rest, Op("write", ELEMENT), enter)


def _wrap(graph: Graph, source: int, target: int, first: Op, then: Op) -> None:
    if source and target:
        between = graph.node(graph.places[source])
        graph.edge(source, between, first)
        graph.edge(between, target, then)


def _link_class(program: Program, graph: Graph, call: Call, owner: Class) -> None:
    constructor = program.method(owner, "__init__")
    if constructor is not None:
        _link_function(program, graph, call, constructor, offset=1)
    else:
        for name, (_, value) in call.keywords.items():
            graph.edge(value, call.result, Op("write", name))
        for _, value in call.spread:
            graph.edge(value, call.result)
        fields = [
            one.target.id
            for one in owner.node.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        ]
        for position, (_, value) in enumerate(call.args):
            graph.edge(value, call.result, Op("write", fields[position] if position < len(fields) else ANY))
    graph.edge(owner.this, call.result, LEAK)


def _function_of(program: Program, call: Call, node: ast.expr) -> Function | None:
    """The function that an argument is, written in place or named."""
    if isinstance(node, ast.Lambda):
        return program.lambdas.get(node)
    ref = program.resolve(node, call.scope)
    return ref.function if ref is not None and ref.kind == "function" else None


def _link_callback(program: Program, graph: Graph, call: Call) -> bool:
    """Calls that are given a function and call it."""
    name = name_of(call)
    later = _CALL_LATER.get(name)
    if later is not None and len(call.args) > later:
        function = _function_of(program, call, call.args[later][0])
        if function is not None:
            program.callers.setdefault(function, [])
            _hand_over(graph, call, function, call.args[later + 1 :], 1 if function.owner is not None else 0)
            graph.edge(function.result, call.result, Op("return", site=call.number))
            return True
    if name in ("map", "imap", "imap_unordered", "starmap") and len(call.args) > 1:
        return _link_map(program, graph, call)
    if name == "sub" and len(call.args) > 2:
        return _link_substitution(program, graph, call)
    if name in ("Thread", "Process", "Timer") and "target" in call.keywords:
        return _link_thread(program, graph, call)
    return False


def _link_map(program: Program, graph: Graph, call: Call) -> bool:
    function = _function_of(program, call, call.args[0][0])
    if function is None:
        return False
    for param, (_, value) in zip(function.params.values(), call.args[1:], strict=False):
        _wrap(graph, value, param, Op("read", ELEMENT), Op("call", site=call.number))
    _wrap(graph, function.result, call.result, Op("return", site=call.number), Op("write", ELEMENT))
    return True


def _link_substitution(program: Program, graph: Graph, call: Call) -> bool:
    """`re.sub(pattern, function, text)`: the function gets parts of the text, the result holds both."""
    function = _function_of(program, call, call.args[1][0])
    if function is None:
        return False
    text = call.args[2][1]
    for param in list(function.params.values())[:1]:
        graph.edge(text, param, Op("call", site=call.number))
    graph.edge(text, call.result)
    graph.edge(function.result, call.result, Op("return", site=call.number))
    return True


def _link_thread(program: Program, graph: Graph, call: Call) -> bool:
    function = _function_of(program, call, call.keywords["target"][0])
    handed = call.keywords.get("args")
    if function is None or handed is None:
        return False
    for position, param in enumerate(function.params.values()):
        _wrap(graph, handed[1], param, Op("read", str(position)), Op("call", site=call.number))
    return True


def _link_library(graph: Graph, call: Call, full: str) -> None:
    name = name_of(call)
    values = [value for _, value in call.args] + [value for _, value in call.keywords.values()]
    if name in ("hexdigest", "digest"):
        graph.edge(call.receiver, call.result, Op("become", "pseudonymised"))
    elif full.startswith(_HASHES) or full.startswith(_CIPHERS):
        becomes = "encrypted" if full.startswith(_CIPHERS) else "pseudonymised"
        for value in values:
            graph.edge(value, call.result, Op("become", becomes))
    elif full == "builtins.dict":
        _link_dict(graph, call)
    elif full in _COPY_FUNCTIONS:
        for value in (*values, *(value for _, value in call.spread)):
            graph.edge(value, call.result)
    elif full in ("builtins.enumerate", "builtins.zip"):
        _link_pairs(graph, call, first=1 if full.endswith("enumerate") else 0)
    elif full in ("builtins.next", "builtins.min", "builtins.max", "random.choice") and call.args:
        graph.edge(call.args[0][1], call.result, Op("read", ELEMENT))
    elif full == "builtins.getattr" and len(call.args) > 1:
        attribute = call.args[1][0]
        graph.edge(call.args[0][1], call.result, Op("read", str(getattr(attribute, "value", ANY))))
    elif full == "builtins.filter" and len(call.args) > 1:
        graph.edge(call.args[1][1], call.result)
    elif call.receiver or name in ("join", "format"):
        _link_method(graph, call, name)


def _link_dict(graph: Graph, call: Call) -> None:
    for _, value in (*call.args, *call.spread):
        graph.edge(value, call.result)
    for key, (_, value) in call.keywords.items():
        graph.edge(value, call.result, Op("write", key))


def _link_pairs(graph: Graph, call: Call, first: int) -> None:
    """`enumerate(xs)`, `zip(xs, ys)`: a list of tuples."""
    for position, (_, value) in enumerate(call.args, start=first):
        element = graph.node(graph.places[call.result])
        graph.edge(value, element, Op("read", ELEMENT))
        _wrap(graph, element, call.result, Op("write", str(position)), Op("write", ELEMENT))


def _link_method(graph: Graph, call: Call, name: str) -> None:
    """Methods of strings, mappings, lists and responses."""
    receiver, result = call.receiver, call.result
    if name in _READS:
        read = read_name(call)
        graph.edge(receiver, result, Op("read", read or ANY))
        for _, value in call.args[1:]:
            graph.edge(value, result)
    elif name in _READ_BODY:
        graph.edge(receiver, result, Op("read", RESPONSE))
        graph.edge(receiver, result)
    elif name == "join":
        for _, value in call.args:
            graph.edge(value, result)
    elif name == "keys":
        _wrap(graph, receiver, result, Op("read", KEY), Op("write", ELEMENT))
    elif name in ("items", "values"):
        inner = graph.node(graph.places[result])
        graph.edge(receiver, inner, Op("read", ANY))
        if name == "values":
            graph.edge(inner, result, Op("write", ELEMENT))
            if call.args or call.keywords:  # of a query builder
                _link_builder(graph, call)
        else:
            _wrap(graph, inner, result, Op("write", "1"), Op("write", ELEMENT))
            names = graph.node(graph.places[result])
            graph.edge(receiver, names, Op("read", KEY))
            _wrap(graph, names, result, Op("write", "0"), Op("write", ELEMENT))
    elif name == "format" or name in _BUILDERS:
        _link_builder(graph, call)
    elif name in _COPIES:
        graph.edge(receiver, result)


def _link_builder(graph: Graph, call: Call) -> None:
    graph.edge(call.receiver, call.result)
    for _, value in (*call.args, *call.spread):
        graph.edge(value, call.result, COPY)
    for _, value in call.keywords.values():
        graph.edge(value, call.result, COPY)
