"""The end that runs a dataset's test code: in a sandbox of its own, with the program's names bound to remote
objects. Its verdict is sent on a channel that the program has no part in.

A test is a top-level `assert`, with the statements before it; or the statements after the last one; or, where
the code only defines them, a method of a `unittest.TestCase` or a function named `test...`.
"""
import ast as _ast
import importlib as _importlib
import io as _io
import sys as _sys
import symtable as _symtable
import traceback as _traceback


# Names that test code often uses without importing them, because the program it was written for did.
_USUAL_HELPERS = {
    "isclose": "math", "sqrt": "math", "pi": "math", "inf": "math", "nan": "math", "floor": "math", "ceil": "math",
    "Counter": "collections", "OrderedDict": "collections", "defaultdict": "collections", "deque": "collections",
    "Fraction": "fractions", "Decimal": "decimal", "datetime": "datetime", "timedelta": "datetime",
    "List": "typing", "Dict": "typing", "Optional": "typing", "Tuple": "typing", "Any": "typing",
}
_STANDARD_MODULES = frozenset(getattr(_sys, "stdlib_module_names", ())) | frozenset(_sys.builtin_module_names) | {
    "math", "collections", "itertools", "functools", "random", "string", "re", "json", "datetime", "copy", "sys",
    "os", "operator", "decimal", "fractions", "unittest", "time", "typing", "io", "heapq", "bisect", "cmath",
    "statistics",
}


def _private_channel():
    """Takes the protocol's descriptors away from standard input and output, which become the null device."""
    channel = Channel(_os.dup(0), _os.dup(1))
    null = _os.open(_os.devnull, _os.O_RDWR)
    for descriptor in (0, 1, 2):
        _os.dup2(null, descriptor)
    channel.send("L", {"ready": True})
    return channel


def _free_names(source):
    """The names that the code reads and nowhere binds, in order of first appearance."""
    top = _symtable.symtable(source, "tests.py", "exec")
    bound = {symbol.get_name() for symbol in top.get_symbols()
             if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()}
    free = set()

    def visit(table):
        for symbol in table.get_symbols():
            if not symbol.is_referenced():
                continue
            name = symbol.get_name()
            if table is top or symbol.is_global():
                if name not in bound:
                    free.add(name)
        for child in table.get_children():
            visit(child)

    visit(top)
    return free


def _uses(tree):
    """For each name: whether it is only ever the base of an attribute; and the called names, innermost first."""
    only_base, called = {}, []
    bases = {id(node.value) for node in _ast.walk(tree) if isinstance(node, _ast.Attribute)}

    def visit(node):
        for child in _ast.iter_child_nodes(node):
            visit(child)
        if isinstance(node, _ast.Name):
            only_base[node.id] = only_base.get(node.id, True) and id(node) in bases
        if isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name):
            called.append(node.func.id)

    visit(tree)
    return only_base, called


class _Names:
    """Decides which names of the test code mean the program's: never one that would let it answer for the
    test's own tools, such as a program that defines `abs`, `set` or `math`."""

    def __init__(self, source, tree, entry_points):
        free = _free_names(source)
        only_base, called = _uses(tree)
        builtin = set(vars(_builtins)) | {"__name__", "__file__"}
        modules = {name for name in free if name in _STANDARD_MODULES and only_base.get(name)}
        self.modules = sorted(modules)
        self.of_program = sorted(free - builtin - modules)
        if entry_points:
            self.of_program = sorted(set(entry_points) | (free - builtin - modules - set(_USUAL_HELPERS)))
        self.instead = [name for name in called if name in builtin and name in free]

    def bind(self, namespace, peer):
        for name in self.modules:
            namespace[name] = _importlib.import_module(name)
        found = dict(peer.ask("names", None, self.of_program)) if self.of_program else {}
        helpers = [name for name in self.of_program if name in _USUAL_HELPERS]
        others = [name for name in found if name not in _USUAL_HELPERS]
        for name in helpers:
            if others or name not in found:
                found[name] = getattr(_importlib.import_module(_USUAL_HELPERS[name]), name)
        if not found and self.instead:
            # The function under test bears a builtin's name: the innermost one called that the program defines.
            defined = dict(peer.ask("names", None, sorted(set(self.instead))))
            name = next((name for name in self.instead if name in defined), None)
            if name is not None:
                found[name] = defined[name]
        for name, value in found.items():
            namespace.setdefault(name, value)
        return any(type(found[name]) is not Remote for name in others)


def _is_main_guard(node):
    return isinstance(node, _ast.If) and "__name__" in _ast.dump(node.test)


def _is_unittest_main(node):
    return (isinstance(node, _ast.Expr) and isinstance(node.value, _ast.Call)
            and "'unittest'" in _ast.dump(node.value.func) and "'main'" in _ast.dump(node.value.func))


def _is_check(node):
    """Whether a statement after the last `assert` is worth a verdict of its own."""
    if isinstance(node, _ast.Expr):
        return not isinstance(node.value, _ast.Constant)
    return isinstance(node, (_ast.For, _ast.While, _ast.With, _ast.If, _ast.Try))


def _segments(tree):
    """The groups of top-level statements, each a test."""
    body = [node for node in tree.body if not _is_main_guard(node) and not _is_unittest_main(node)]
    groups, current = [], []
    for node in body:
        current.append(node)
        if isinstance(node, _ast.Assert):
            groups.append(current)
            current = []
    rest = current
    if any(_is_check(node) for node in rest):
        groups.append(rest)
        rest = []
    return groups, rest


def _run_statements(statements, namespace):
    module = _ast.Module(body=statements, type_ignores=[])
    exec(compile(module, "tests.py", "exec"), namespace)


def _collected(namespace, tree):
    """Test functions and the methods of test cases that the code only defines."""
    defined = [node.name for node in tree.body if isinstance(node, (_ast.ClassDef, _ast.FunctionDef))]
    tests = []
    for name in defined:
        value = namespace.get(name)
        if isinstance(value, type):
            import unittest

            if issubclass(value, unittest.TestCase):
                for method in unittest.defaultTestLoader.getTestCaseNames(value):
                    tests.append(_unittest_method(value, method))
        elif name.startswith("test") and isinstance(value, _types.FunctionType):
            code = value.__code__
            if code.co_argcount <= len(value.__defaults__ or ()):
                tests.append(value)
    return tests


def _unittest_method(case, method):
    def run():
        import unittest

        result = unittest.TestResult()
        unittest.TestSuite([case(method)]).run(result)
        problems = result.failures + result.errors
        if problems:
            raise AssertionError(problems[0][1].strip().splitlines()[-1])
        if result.testsRun != 1 or result.skipped or result.unexpectedSuccesses:
            raise AssertionError("the test did not run")

    return run


def _reason(error, source):
    """One line for a human, with the line of the test code where there is one."""
    text = "%s: %s" % (type(error).__name__, str(error)[:300])
    lines = [frame.lineno for frame in _traceback.extract_tb(error.__traceback__) if frame.filename == "tests.py"]
    source_lines = source.split("\n")
    if lines and 0 < lines[-1] <= len(source_lines):
        text += " at `%s`" % source_lines[lines[-1] - 1].strip()[:200]
    return text


_READABLE = (_io.StringIO, _io.BytesIO)


def _operations():
    """What the program may do with objects of the test: call functions, step iterators, and use the public
    attributes of instances of classes that the test code itself defines. Nothing that leads to the judge."""

    def plain(function):
        return lambda peer, target, arguments, keywords: (function(peer.object(target), *arguments), False)

    def of_test(value):
        kind = type(value)
        if not (kind.__module__ == "tests" or kind in _READABLE) or isinstance(value, type):
            raise TypeError("an object of the test that can only be called or stepped")
        return value

    def public(name):
        if type(name) is not str or name.startswith("_"):
            raise AttributeError(name)
        return name

    def call(peer, target, arguments, keywords):
        return peer.object(target)(*arguments, **keywords), False

    def next_step(value):
        try:
            return (next(value),)
        except StopIteration:
            return ()

    return {
        "call": call,
        "next": plain(next_step),
        "iter": plain(lambda value: value if hasattr(value, "__next__") else iter(of_test(value))),
        "getattr": plain(lambda value, name: getattr(of_test(value), public(name))),
        "setattr": plain(lambda value, name, new: setattr(of_test(value), public(name), new)),
        "getitem": plain(lambda value, key: of_test(value)[key]),
        "setitem": plain(lambda value, key, new: of_test(value).__setitem__(key, new)),
        "len": plain(lambda value: len(of_test(value))),
        "bool": plain(lambda value: bool(value)),
        "str": plain(lambda value: str(of_test(value))),
        "repr": plain(lambda value: repr(of_test(value))),
    }


class _Judge:
    def __init__(self, channel):
        self._channel = channel
        self._peer = Peer(channel, _operations(), Remote)

    def run(self, job):
        code, setup = job["code"].replace("\r\n", "\n"), job.get("setup", "").replace("\r\n", "\n")
        source = setup + "\n" + code
        try:
            tree = _ast.parse(code, "tests.py")
            names = _Names(source, _ast.parse(source), job.get("entryPoints") or [])
        except BaseException as error:
            self._send({"event": "unusable", "detail": "the test code does not parse: " + _reason(error, code)})
            return
        groups, rest = _segments(tree)
        module = _types.ModuleType("tests")
        _sys.modules["tests"] = module
        namespace = module.__dict__
        try:
            has_values = names.bind(namespace, self._peer)
            asked = self._peer.requests
            exec(compile(setup, "setup.py", "exec"), namespace)
            tests = [lambda group=group: _run_statements(group, namespace) for group in groups]
            if not groups:
                _run_statements(rest, namespace)
                tests = _collected(namespace, tree)
        except BaseException as error:
            # What comes before the tests uses the program too, so this counts against the program.
            self._fail_all(max(1, len(groups)), error, code)
            return
        if not tests:
            self._send({"event": "unusable", "detail": "the test code holds no test"})
            return
        self._send({"event": "plan", "count": len(tests)})
        for test in tests:
            self._one(test, code)
        self._send({"event": "done", "used": has_values or self._peer.requests > asked})

    def _fail_all(self, count, error, code):
        def fail():
            raise error

        self._send({"event": "plan", "count": count})
        for _ in range(count):
            self._one(fail, code)
        self._send({"event": "done", "used": True})

    def _one(self, test, code):
        verdict = {"event": "result", "passed": False}
        try:
            test()
            verdict["passed"] = True
        except BaseException as error:
            try:
                verdict["detail"] = _reason(error, code)
            except BaseException:
                verdict["detail"] = type(error).__name__
        if ProtocolError.reason is not None:
            # Whatever the test code made of it.
            verdict = {"event": "result", "passed": False}
            verdict["detail"] = "the program broke the protocol: " + ProtocolError.reason[:200]
        self._send(verdict)

    def _send(self, verdict):
        self._channel.send("V", verdict)


def _main():
    channel = _private_channel()
    while True:
        letter, job = channel.receive()
        if letter == "J":
            _Judge(channel).run(job)


if __name__ == "__main__":
    _main()
