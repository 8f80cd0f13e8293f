"""Gives a fresh Pyodide `run`, which runs one job, and `seal`, which takes the bridge to JavaScript out of it."""


_BRIDGE = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "micropip", "_ctypes", "ctypes")


def _preload():
    """Every builtin module, since none can be loaded once the bridge is out, and what runners and programs need."""
    import sys

    for name in sys.builtin_module_names:
        if name not in _BRIDGE:
            try:
                __import__(name)
            except ImportError:
                pass
    common = "asyncio json traceback base64 symtable decimal fractions datetime collections itertools functools " \
        "heapq bisect random re string typing math unittest inspect dataclasses copy operator statistics"
    for name in common.split():
        __import__(name)


def _plain_event_loop(asyncio):
    """Pyodide's event loop is JavaScript's, which stands still while a job runs; this one waits in Python."""
    import time
    import warnings

    class NoSelector:
        def select(self, timeout=None):
            time.sleep(timeout or 0)
            return []

    class Loop(asyncio.BaseEventLoop):
        _selector = NoSelector()

        def _process_events(self, events):
            pass

        def _write_to_self(self):
            pass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Policy(asyncio.DefaultEventLoopPolicy):
            _loop_factory = Loop

        asyncio.set_event_loop_policy(Policy())
    asyncio._set_running_loop(None)


def seal():
    import gc
    import importlib.machinery
    import os
    import sys
    import time

    bridge = _BRIDGE
    # The source of random bytes is sought at its first use, which must be before the loader is closed.
    os.urandom(1)
    # Pyodide replaced these by ones that ask JavaScript; only its wrappers still know the originals.
    time.sleep = getattr(time.sleep, "__wrapped__", time.sleep)
    for name in [name for name in sys.modules if name.split(".")[0] == "asyncio"]:
        del sys.modules[name]
    import asyncio

    _plain_event_loop(asyncio)
    sys.meta_path[:] = [importlib.machinery.FrozenImporter, importlib.machinery.PathFinder]
    removed = [sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in bridge]
    for module in removed:
        # A proxy of JavaScript has no namespace of its own.
        if isinstance(module, type(sys)):
            vars(module).clear()
    del removed, module
    import _imp

    # Either could bring the bridge, or machine code, back; every builtin module is loaded by now.
    for name in ("create_builtin", "exec_builtin", "create_dynamic", "exec_dynamic", "is_builtin"):
        if hasattr(_imp, name):
            delattr(_imp, name)
    sys.excepthook = sys.__excepthook__

    def refuse(*_):
        raise OSError(38, "there are no processes in this sandbox")

    os.system = refuse

    def of_bridge(value):
        return type(value).__module__.split(".")[0] in bridge

    for value in gc.get_objects():
        if of_bridge(value) and not isinstance(value, type) and hasattr(value, "__dict__"):
            vars(value).clear()
    gc.collect()
    # Fail closed: with one object of JavaScript left, a program could walk to all that it refers to.
    proxies = {}

    def is_proxy(value):
        kind = type(value)
        if kind not in proxies:
            proxies[kind] = "JsProxy" in repr(kind.__mro__) and not issubclass(kind, type)
        return proxies[kind]

    for value in gc.get_objects():
        if is_proxy(value) or any(map(is_proxy, gc.get_referents(value))):
            raise RuntimeError("an object of JavaScript is still within reach")


def _make_run():
    import base64
    import builtins
    import json
    import os
    import random
    import sys
    import traceback
    import types

    def source_of(parameters):
        rest = [word for word in parameters]
        while rest and rest[0].startswith("-") and rest[0] != "-c":
            rest.pop(0)
        if rest and rest[0] == "-c":
            return rest[1], "<string>", ["-c"] + rest[2:]
        with open(rest[0], "rb") as file:
            return file.read(), rest[0], rest

    def run(job):
        job = json.loads(job)
        os.makedirs("/work", exist_ok=True)
        os.chdir("/work")
        for name, content in job["files"].items():
            folder = os.path.dirname(name)
            if folder:
                os.makedirs(folder, exist_ok=True)
            with open(name, "wb") as file:
                file.write(base64.b64decode(content))
        os.environ.clear()
        # Interpreters from one snapshot would all draw the same numbers.
        random.seed()
        module = types.ModuleType("__main__")
        module.__builtins__ = builtins
        sys.modules["__main__"] = module
        code = 0
        try:
            source, path, sys.argv = source_of(job["parameters"])
            module.__file__ = path
            exec(compile(source, path, "exec"), module.__dict__)
        except SystemExit as end:
            code = 0 if end.code is None else end.code if isinstance(end.code, int) else 1
            if code == 1 and not isinstance(end.code, int):
                print(end.code, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
            code = 1
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        return int(code) & 255

    return run


_preload()
run = _make_run()
