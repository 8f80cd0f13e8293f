"""What the two ends of a function-call test say to each other: frames, values and remote objects.

Laid before `program.py` or `judge.py` into one file, because a sandboxed interpreter has no import path.

A frame is four bytes of length (big-endian), one letter, and JSON: `Q` a request, `A` an answer, `J` a job,
`V` a verdict, `L` the outcome of loading. A value is JSON; whatever JSON cannot say is an array whose first
element is a tag. Mutable containers are numbered in the order of their first appearance, so that shared and
cyclic structures stay what they are and an answer can say which of the caller's containers were changed.
What has no value form is kept by its owner and travels as a handle.
"""
import base64 as _base64
import builtins as _builtins
import collections as _collections
import datetime as _datetime
import decimal as _decimal
import fractions as _fractions
import json as _json
import os as _os
import types as _types

_LARGEST_FRAME = 16 << 20
_DEEPEST_VALUE = 150
_EXACT_IN_JSON = 1 << 53


class ProtocolError(BaseException):
    """The other end broke the protocol: never an `Exception`, so that a test cannot take it for an answer. `reason` stays set, so that a test that catches everything cannot pass either."""

    reason = None

    def __init__(self, reason):
        super().__init__(reason)
        if ProtocolError.reason is None:
            ProtocolError.reason = reason


class Channel:
    """Frames over two file descriptors, which only this object knows."""

    def __init__(self, read_descriptor, write_descriptor):
        self._read_descriptor = read_descriptor
        self._write_descriptor = write_descriptor
        self._read = _os.read
        self._write = _os.write
        self._dumps = _json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
        self._loads = _json.JSONDecoder().decode

    def _read_exactly(self, count):
        pieces = []
        while count:
            piece = self._read(self._read_descriptor, min(count, 1 << 20))
            if not piece:
                _os._exit(0)
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def receive(self):
        """The next frame as (letter, payload)."""
        header = self._read_exactly(5)
        length = int.from_bytes(header[:4], "big")
        if length > _LARGEST_FRAME:
            raise ProtocolError("a frame of %d bytes" % length)
        text = self._read_exactly(length).decode("utf-8")
        return header[4:].decode("latin-1"), self._loads(text)

    def send(self, letter, payload):
        body = self._dumps(payload).encode("utf-8")
        if len(body) > _LARGEST_FRAME:
            raise ValueError("a value of %d bytes is too large to send" % len(body))
        data = memoryview(len(body).to_bytes(4, "big") + letter.encode("latin-1") + body)
        while data:
            data = data[self._write(self._write_descriptor, data):]


_VALUE_TYPES = {
    kind.__name__: kind
    for kind in (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, range,
                 object, type, slice, type(None))
}
_TYPE_NAMES = {kind: name for name, kind in _VALUE_TYPES.items()}


def _plain_float(value):
    number = float.__pos__(value)
    if number != number:
        return ["f", "nan"]
    if number in (float("inf"), float("-inf")):
        return ["f", "inf" if number > 0 else "-inf"]
    return number


def _plain_int(value):
    number = int.__add__(value, 0)
    return number if -_EXACT_IN_JSON < number < _EXACT_IN_JSON else ["i", hex(number)]


class Encoder:
    """Turns values into JSON; `containers` are those the other end already knows, by number."""

    def __init__(self, export, containers=()):
        self._export = export
        self.containers = list(containers)
        self._numbers = {id(container): number for number, container in enumerate(self.containers)}

    def encode(self, value, depth=0):
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return value if -_EXACT_IN_JSON < value < _EXACT_IN_JSON else ["i", hex(value)]
        if kind is float:
            return _plain_float(value)
        if depth > _DEEPEST_VALUE:
            raise ValueError("a value nested deeper than %d cannot be sent" % _DEEPEST_VALUE)
        if isinstance(value, (list, dict, set, bytearray, _collections.deque)):
            return self._container(value, depth)
        if kind is tuple or isinstance(value, tuple):
            return ["t"] + [self.encode(item, depth + 1) for item in tuple.__iter__(value)]
        return self._scalar(value, depth)

    def _container(self, value, depth):
        number = self._numbers.get(id(value))
        if number is not None:
            return ["m", number]
        self._numbers[id(value)] = len(self.containers)
        self.containers.append(value)
        return self.contents(value, depth)

    def contents(self, value, depth=0):
        """The tag and the elements of a mutable container, whether or not it has a number already."""
        if isinstance(value, list):
            return ["l"] + [self.encode(item, depth + 1) for item in list.__iter__(value)]
        if isinstance(value, dict):
            tag = "o" if isinstance(value, _collections.OrderedDict) else "d"
            encoded = ["n" if isinstance(value, _collections.Counter) else tag]
            for key, item in list(dict.items(value)):
                encoded.append(self.encode(key, depth + 1))
                encoded.append(self.encode(item, depth + 1))
            return encoded
        if isinstance(value, set):
            return ["s"] + [self.encode(item, depth + 1) for item in set.__iter__(value)]
        if isinstance(value, bytearray):
            return ["B", _base64.b64encode(bytes(value)).decode("ascii")]
        longest = _collections.deque.maxlen.__get__(value)
        return ["q", longest] + [self.encode(item, depth + 1) for item in list(value)]

    def _scalar(self, value, depth):
        if isinstance(value, int):
            return _plain_int(value)
        if isinstance(value, float):
            return _plain_float(value)
        if isinstance(value, str):
            return str.__add__("", str.__str__(value))
        if isinstance(value, bytes):
            return ["b", _base64.b64encode(bytes.__add__(b"", value)).decode("ascii")]
        if isinstance(value, frozenset):
            return ["z"] + [self.encode(item, depth + 1) for item in frozenset.__iter__(value)]
        if isinstance(value, complex):
            return ["c", _plain_float(value.real), _plain_float(value.imag)]
        if type(value) is range:
            return ["r", _plain_int(value.start), _plain_int(value.stop), _plain_int(value.step)]
        if isinstance(value, _decimal.Decimal):
            return ["D", _decimal.Decimal.__str__(value)]
        if isinstance(value, _fractions.Fraction):
            return ["F", _plain_int(value.numerator), _plain_int(value.denominator)]
        if isinstance(value, _datetime.timedelta):
            return ["T", "timedelta", value.days, value.seconds, value.microseconds]
        for kind in (_datetime.datetime, _datetime.date, _datetime.time):
            if isinstance(value, kind):
                return ["T", kind.__name__, kind.isoformat(value)]
        if value is Ellipsis:
            return ["e"]
        if isinstance(value, type) and value in _TYPE_NAMES:
            return ["y", _TYPE_NAMES[value]]
        return self._export(value)


class Decoder:
    """Builds values from JSON; everything it builds is exactly of a builtin or standard type, or a handle."""

    def __init__(self, resolve, containers=()):
        self._resolve = resolve
        self.containers = list(containers)

    def decode(self, encoded):
        if not isinstance(encoded, list):
            if isinstance(encoded, dict):
                raise ProtocolError("an object where a value was expected")
            return encoded
        if not encoded:
            raise ProtocolError("an array without a tag where a value was expected")
        tag = encoded[0]
        if tag in ("l", "d", "o", "n", "s", "B", "q"):
            return self._container(tag, encoded)
        reader = self._READERS.get(tag)
        if reader is not None:
            return reader(self, encoded)
        return self._resolve(encoded)

    def _container(self, tag, encoded):
        longest = encoded[1] if tag == "q" else None
        container = {
            "l": list, "d": dict, "o": _collections.OrderedDict, "n": _collections.Counter, "s": set,
            "B": bytearray, "q": lambda: _collections.deque(maxlen=longest),
        }[tag]()
        self.containers.append(container)
        self.fill(container, encoded)
        return container

    def fill(self, container, encoded):
        """Gives a container the encoded contents, in place; the kind must be the same."""
        tag = encoded[0]
        if isinstance(container, list) and tag == "l":
            container[:] = [self.decode(item) for item in encoded[1:]]
        elif isinstance(container, dict) and tag in ("d", "o", "n"):
            if len(encoded) % 2 == 0:
                raise ProtocolError("a dictionary with a key without its value")
            items = [
                (self.decode(encoded[place]), self.decode(encoded[place + 1]))
                for place in range(1, len(encoded), 2)
            ]
            dict.clear(container)
            for key, item in items:
                dict.__setitem__(container, key, item)
        elif isinstance(container, set) and tag == "s":
            items = [self.decode(item) for item in encoded[1:]]
            container.clear()
            container.update(items)
        elif isinstance(container, bytearray) and tag == "B":
            container[:] = _base64.b64decode(encoded[1])
        elif isinstance(container, _collections.deque) and tag == "q":
            items = [self.decode(item) for item in encoded[2:]]
            container.clear()
            container.extend(items)
        else:
            raise ProtocolError("contents of another kind than their container")

    def _time(self, encoded):
        name, rest = encoded[1], encoded[2:]
        if name == "timedelta":
            return _datetime.timedelta(days=rest[0], seconds=rest[1], microseconds=rest[2])
        kind = {"datetime": _datetime.datetime, "date": _datetime.date, "time": _datetime.time}[name]
        return kind.fromisoformat(rest[0])

    _READERS = {
        "m": lambda self, encoded: self.containers[encoded[1]],
        "t": lambda self, encoded: tuple([self.decode(item) for item in encoded[1:]]),
        "z": lambda self, encoded: frozenset([self.decode(item) for item in encoded[1:]]),
        "i": lambda self, encoded: int(encoded[1], 16),
        "f": lambda self, encoded: float(encoded[1]),
        "b": lambda self, encoded: _base64.b64decode(encoded[1]),
        "c": lambda self, encoded: complex(self.decode(encoded[1]), self.decode(encoded[2])),
        "r": lambda self, encoded: range(*[self.decode(item) for item in encoded[1:4]]),
        "D": lambda self, encoded: _decimal.Decimal(encoded[1]),
        "F": lambda self, encoded: _fractions.Fraction(self.decode(encoded[1]), self.decode(encoded[2])),
        "T": _time,
        "e": lambda self, encoded: Ellipsis,
        "u": lambda self, encoded: None,
        "y": lambda self, encoded: _VALUE_TYPES[encoded[1]],
    }


def _snapshot(container):
    if isinstance(container, dict):
        return list(dict.items(container))
    return bytes(container) if isinstance(container, bytearray) else list(container)


def _unchanged(container, before):
    """Whether a container still holds the very objects it held; a false alarm only costs bytes."""
    now = _snapshot(container)
    if isinstance(container, bytearray):
        return now == before
    if len(now) != len(before):
        return False
    if isinstance(container, dict):
        return all(a[0] is b[0] and a[1] is b[1] for a, b in zip(now, before))
    return all(a is b for a, b in zip(now, before))


_BUILTIN_EXCEPTIONS = {
    name: kind for name, kind in vars(_builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
# Raised through a call these would end a loop or a generator of the caller as if it had run to its end.
_NEVER_CROSS = (StopIteration, StopAsyncIteration, GeneratorExit)


class Peer:
    """One end of the conversation: asks the other end, answers it, and keeps the objects behind handles."""

    def __init__(self, channel, operations, make_remote):
        self._channel = channel
        self._operations = operations
        self._make_remote = make_remote
        self._objects = []
        self._handles = {}
        self._remotes = {}
        self._exception_classes = {}
        self.requests = 0

    # Handles.

    def export(self, value):
        remote = getattr(type(value), "_aha_remote", None)
        if remote is not None and type(value) is Remote and remote(value)[0] is self:
            return ["p", remote(value)[1]]
        local_class = self._exception_class_handle(value)
        if local_class is not None:
            return ["p", local_class]
        number = self._handles.get(id(value))
        if number is None:
            number = len(self._objects)
            self._objects.append(value)
            self._handles[id(value)] = number
        kind = type(value)
        description = "exception" if isinstance(value, type) and issubclass(value, BaseException) else "object"
        name = type.__getattribute__(value, "__name__") if description == "exception" else kind.__name__
        encoded = ["h", number, description, str(name)[:200]]
        if description == "exception":
            encoded.append(self._ancestry(value))
        return encoded

    def _exception_class_handle(self, value):
        for number, kind in self._exception_classes.items():
            if kind is value:
                return number
        return None

    def resolve(self, encoded):
        tag, number = encoded[0], encoded[1]
        if type(number) is not int or number < 0:
            raise ProtocolError("a handle that is not a number")
        if tag == "p":
            if number >= len(self._objects):
                raise ProtocolError("a handle that was never given out")
            return self._objects[number]
        if tag != "h":
            raise ProtocolError("a value with an unknown tag")
        if encoded[2] == "exception":
            return self._exception_class(encoded[4])
        if number not in self._remotes:
            self._remotes[number] = self._make_remote(self, number, str(encoded[3]))
        return self._remotes[number]

    # Exceptions.

    def _ancestry(self, kind):
        """The classes the other end must know: those of the user, by handle, down to the first builtin one."""
        chain = []
        for parent in type.__getattribute__(kind, "__mro__"):
            name = parent.__name__
            if _BUILTIN_EXCEPTIONS.get(name) is parent:
                return chain + [[None, name]]
            if issubclass(parent, BaseException):
                number = self._handles.get(id(parent))
                if number is None:
                    number = len(self._objects)
                    self._objects.append(parent)
                    self._handles[id(parent)] = number
                chain.append([number, str(name)[:200]])
        return chain + [[None, "Exception"]]

    def _exception_class(self, ancestry):
        base = _BUILTIN_EXCEPTIONS.get(ancestry[-1][1], Exception)
        if issubclass(base, _NEVER_CROSS):
            base = RuntimeError
        for number, name in reversed(ancestry[:-1][:50]):
            if number not in self._exception_classes:
                self._exception_classes[number] = type(str(name), (base,), {})
            base = self._exception_classes[number]
        return base

    def _encode_exception(self, error, encoder):
        try:
            arguments = encoder.encode(tuple(error.args))
        except BaseException:
            arguments = ["t"]
        try:
            message = str(error)[:2000]
        except BaseException:
            message = ""
        return {"classes": self._ancestry(type(error)), "message": message, "arguments": arguments}

    def _raise(self, description, decoder):
        kind = self._exception_class(description["classes"])
        arguments = decoder.decode(description["arguments"])
        try:
            error = kind(*arguments)
        except Exception:
            error = RuntimeError("%s: %s" % (kind.__name__, description["message"]))
        raise error

    # Requests.

    def ask(self, operation, target, arguments=(), keywords=None):
        """Has the other end do something; blocks until its answer, serving what it asks meanwhile."""
        self.requests += 1
        encoder = Encoder(self.export)
        payload = {"o": operation, "t": target, "a": encoder.encode(tuple(arguments))}
        if keywords:
            payload["k"] = encoder.encode(dict(keywords))
        self._channel.send("Q", payload)
        while True:
            letter, answer = self._channel.receive()
            if letter == "Q":
                self.serve(answer)
            elif letter == "A":
                return self._take(answer, encoder.containers)
            else:
                raise ProtocolError("a frame of an unexpected kind: %r" % letter)

    def _take(self, answer, containers):
        decoder = Decoder(self.resolve, containers)
        known = len(containers)
        for number, contents in answer.get("u", ()):
            if not 0 <= number < known:
                raise ProtocolError("contents of a container that was not sent")
            decoder.fill(containers[number], contents)
        if "e" in answer:
            self._raise(answer["e"], decoder)
        value = decoder.decode(answer["v"])
        if answer.get("w"):
            return _awaitable(value)
        return value

    def serve(self, request):
        """Does what the other end asks and answers it; an exception is an answer too."""
        answer = {}
        containers, before = [], []
        try:
            decoder = Decoder(self.resolve)
            arguments = decoder.decode(request["a"])
            keywords = decoder.decode(request["k"]) if "k" in request else {}
            containers = decoder.containers
            before = [_snapshot(container) for container in containers]
            operation = self._operations[request["o"]]
            value, waited = operation(self, request.get("t"), arguments, keywords)
            encoder = self._changes(answer, containers, before)
            answer["v"] = encoder.encode(value)
            if waited:
                answer["w"] = True
            self._channel.send("A", answer)
        except ProtocolError:
            raise
        except BaseException as error:
            answer = {}
            try:
                encoder = self._changes(answer, containers, before)
            except BaseException:
                answer, encoder = {}, Encoder(self.export)
            answer["e"] = self._encode_exception(error, encoder)
            self._channel.send("A", answer)

    def _changes(self, answer, containers, before):
        encoder = Encoder(self.export, containers)
        changed = [
            number for number, (container, held) in enumerate(zip(containers, before))
            if not _unchanged(container, held)
        ]
        if changed:
            answer["u"] = [[number, encoder.contents(containers[number])] for number in changed]
        return encoder

    def object(self, number):
        """The object behind a handle of this end."""
        if type(number) is not int or not 0 <= number < len(self._objects):
            raise ProtocolError("a handle that was never given out")
        return self._objects[number]


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
