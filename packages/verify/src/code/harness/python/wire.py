"""What the two ends of a function-call test say to each other: frames, values and remote objects.

Laid with `peer.py`, `remote.py` and `program.py` or `judge.py` into one file, because a sandboxed interpreter has no import path.

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
