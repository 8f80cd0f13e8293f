"""The end that holds the program under test: loads it, then does what the judge asks of its functions.

Nothing here is trusted: the program shares this interpreter and may answer in its place. It can only ever
send values, which the judge compares where the program cannot reach.
"""
import inspect as _inspect
import operator as _operator
import sys as _sys


def _private_channel():
    """Takes the protocol's descriptors away from standard input and output, which become the null device."""
    channel = Channel(_os.dup(0), _os.dup(1))
    null = _os.open(_os.devnull, _os.O_RDWR)
    for descriptor in (0, 1, 2):
        _os.dup2(null, descriptor)
    channel.send("L", {"ready": True})
    return channel


def _wait_for(value):
    """The result of a coroutine function, run to its end, and whether it was one."""
    if _inspect.iscoroutine(value):
        import asyncio

        return asyncio.run(value), True
    return value, False


def _lookup(namespace, path):
    """`name`, `Class.method` (of a new instance), or a method of `Solution` where there is no such function."""
    name, *attributes = path.replace("()", "").split(".")
    if name not in namespace and "Solution" in namespace and hasattr(namespace["Solution"], name):
        name, attributes = "Solution", [name] + attributes
    if name not in namespace:
        raise NameError("the program does not define %r" % path)
    value = namespace[name]
    for attribute in attributes:
        value = getattr(value() if isinstance(value, type) else value, attribute)
    return value


def _operations(namespace):
    def plain(function):
        return lambda peer, target, arguments, keywords: (function(peer, peer.object(target), *arguments), False)

    def call(peer, target, arguments, keywords):
        return _wait_for(peer.object(target)(*arguments, **keywords))

    def invoke(peer, target, arguments, keywords):
        value, waited = _wait_for(_lookup(namespace, target)(*arguments, **keywords))
        return (value if not _inspect.isgenerator(value) else list(value)), waited

    def names(peer, target, arguments, keywords):
        return [(name, namespace[name]) for name in arguments if name in namespace], False

    def next_step(peer, value):
        try:
            return (next(value),)
        except StopIteration:
            return ()

    def binary(peer, value, name, other):
        if name not in _OPERATORS:
            raise ProtocolError("an unknown operator")
        return getattr(_operator, name)(value, other)

    def leave(peer, value):
        value.__exit__(None, None, None)

    return {
        "call": call,
        "invoke": invoke,
        "names": names,
        "getattr": plain(lambda peer, value, name: getattr(value, name)),
        "setattr": plain(lambda peer, value, name, new: setattr(value, name, new)),
        "delattr": plain(lambda peer, value, name: delattr(value, name)),
        "getitem": plain(lambda peer, value, key: value[key]),
        "setitem": plain(lambda peer, value, key, new: _operator.setitem(value, key, new)),
        "delitem": plain(lambda peer, value, key: _operator.delitem(value, key)),
        "iter": plain(lambda peer, value: _Iterator(iter(value))),
        "next": plain(next_step),
        "enter": plain(lambda peer, value: value.__enter__()),
        "exit": plain(leave),
        "isinstance": plain(lambda peer, value, other: isinstance(other, value)),
        "bool": plain(lambda peer, value: bool(value)),
        "len": plain(lambda peer, value: len(value)),
        "str": plain(lambda peer, value: str(value)),
        "repr": plain(lambda peer, value: repr(value)),
        "int": plain(lambda peer, value: int(value)),
        "float": plain(lambda peer, value: float(value)),
        "operator": plain(binary),
    }


class _Iterator:
    """Holds an iterator so that it travels as a handle even where it would be a value."""

    def __init__(self, iterator):
        self._iterator = iterator

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._iterator)


def _load(source):
    """Runs the program's top level in a module of its own; returns its namespace."""
    module = _types.ModuleType("program")
    _sys.modules["program"] = module
    exec(compile(source, "program.py", "exec"), module.__dict__)
    return module.__dict__


def _describe(error):
    try:
        return "%s: %s" % (type(error).__name__, str(error)[:500])
    except BaseException:
        return type(error).__name__


def _serve():
    channel = _private_channel()
    letter, job = channel.receive()
    if letter != "J":
        raise ProtocolError("no job")
    try:
        namespace = _load(job["source"])
    except BaseException as error:
        channel.send("L", {"error": _describe(error), "syntax": isinstance(error, SyntaxError)})
        _os._exit(0)
    channel.send("L", {})
    peer = Peer(channel, _operations(namespace), Remote)
    while True:
        letter, request = channel.receive()
        if letter == "Q":
            peer.serve(request)


if __name__ == "__main__":
    _serve()
