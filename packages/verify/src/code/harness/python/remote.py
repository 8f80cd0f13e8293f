"""What stands for an object of the other end of the conversation of wire.py."""


async def _awaitable(value):
    return value


class Remote:
    """An object of the other end, reached by asking. It is equal to itself and to nothing else: a comparison
    is never passed on, since the answer of the other end would be a verdict."""

    __slots__ = ("_aha_peer", "_aha_number", "_aha_name", "__weakref__")

    def __init__(self, peer, number, name):
        object.__setattr__(self, "_aha_peer", peer)
        object.__setattr__(self, "_aha_number", number)
        object.__setattr__(self, "_aha_name", name)

    def _aha_remote(self):
        return object.__getattribute__(self, "_aha_peer"), object.__getattribute__(self, "_aha_number")

    def _aha_ask(self, operation, *arguments):
        peer, number = Remote._aha_remote(self)
        return peer.ask(operation, number, arguments)

    def __call__(self, *arguments, **keywords):
        peer, number = Remote._aha_remote(self)
        return peer.ask("call", number, arguments, keywords)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Remote._aha_ask(self, "getattr", name)

    def __setattr__(self, name, value):
        Remote._aha_ask(self, "setattr", name, value)

    def __delattr__(self, name):
        Remote._aha_ask(self, "delattr", name)

    def __getitem__(self, key):
        return Remote._aha_ask(self, "getitem", key)

    def __setitem__(self, key, value):
        Remote._aha_ask(self, "setitem", key, value)

    def __delitem__(self, key):
        Remote._aha_ask(self, "delitem", key)

    def __iter__(self):
        return Remote._aha_ask(self, "iter")

    def __next__(self):
        step = Remote._aha_ask(self, "next")
        if not isinstance(step, tuple) or len(step) > 1:
            raise ProtocolError("a step of an iterator that is not one value")
        if not step:
            raise StopIteration
        return step[0]

    def __enter__(self):
        return Remote._aha_ask(self, "enter")

    def __exit__(self, *_):
        Remote._aha_ask(self, "exit")
        return False

    def __instancecheck__(self, value):
        return type(value) is Remote and _exactly(bool, Remote._aha_ask(self, "isinstance", value))

    def __eq__(self, other):
        if self is other:
            return True
        if other is None:
            return False
        raise TypeError(
            "cannot compare an object of the program (%s): only values are compared"
            % object.__getattribute__(self, "_aha_name")
        )

    def __ne__(self, other):
        return not Remote.__eq__(self, other)

    def __hash__(self):
        return hash(Remote._aha_remote(self)[1])

    def __bool__(self):
        return _exactly(bool, Remote._aha_ask(self, "bool"))

    def __len__(self):
        return _exactly(int, Remote._aha_ask(self, "len"))

    def __str__(self):
        return _exactly(str, Remote._aha_ask(self, "str"))

    def __repr__(self):
        return _exactly(str, Remote._aha_ask(self, "repr"))

    def __int__(self):
        return _exactly(int, Remote._aha_ask(self, "int"))

    def __float__(self):
        return _exactly(float, Remote._aha_ask(self, "float"))


def _exactly(kind, value):
    if type(value) is not kind:
        raise TypeError("the program answered %s where %s was due" % (type(value).__name__, kind.__name__))
    return value


def _arithmetic(name):
    # Only between two objects of the program: a number of the test must not reach the program through `-`.
    def operate(self, other):
        if type(other) is not Remote:
            return NotImplemented
        return Remote._aha_ask(self, "operator", name, other)

    operate.__name__ = name
    return operate


_OPERATORS = ("__add__", "__sub__", "__mul__", "__truediv__", "__floordiv__", "__mod__", "__pow__", "__matmul__",
              "__and__", "__or__", "__xor__")
for _name in _OPERATORS:
    setattr(Remote, _name, _arithmetic(_name))
