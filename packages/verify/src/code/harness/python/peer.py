"""One end of the conversation of wire.py: asks the other end, answers it, keeps the objects behind handles."""


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
