"""Waits inside a sandbox for a program, then runs it once for each input, every time in a fresh process.

In: frames of a 4-byte little-endian length and that many bytes; the program first, then one frame an input.
Out: frames of a type byte, a length and bytes: `r` ready, `o` and `e` what a run printed, `x` how it ended (JSON),
`c` everything it left is cleared away and the next may come.
The program's process can reach neither these pipes nor this process: its descriptors are closed, and this
process is not dumpable, which closes its /proc entries to others of the same user.
"""
import sys
if sys.path and sys.path[0] == "":
    del sys.path[0]
# What most programs import is loaded once, before the forks; the rest is left to them.
import atexit, bisect, builtins, collections, ctypes, functools, gc, heapq, io, itertools, json, math, operator
import os, re, select, signal, stat, string, struct, threading, time, types, typing

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
DOES_NOT_COMPILE = 113
TEMPORARY, WORK, INPUT = "/tmp", "/tmp/work", "/tmp/.input"


def read_exactly(size):
    parts = []
    while size > 0:
        part = os.read(0, min(size, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_frame():
    return read_exactly(struct.unpack("<I", read_exactly(4))[0])


def write_frame(kind, payload):
    data = memoryview(kind + struct.pack("<I", len(payload)) + payload)
    while data:
        data = data[os.write(1, data):]


def fresh_streams():
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False), 1 << 16), encoding="utf-8")
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)), encoding="utf-8", errors="backslashreplace",
        line_buffering=True)


def run_program(source):
    """In the fresh process; returns its exit code."""
    fresh_streams()
    threading.stack_size(8 << 20)
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__="main.py", __builtins__=builtins)
    sys.modules["__main__"] = main
    sys.argv = ["main.py"]
    sys.path.insert(0, "")
    try:
        program = compile(source, "main.py", "exec")
    except (SyntaxError, ValueError) as error:
        text = str(error).splitlines()[:1]
        os.write(2, f"SyntaxError: {text[0] if text else type(error).__name__}\n".encode("utf-8", "replace"))
        return DOES_NOT_COMPILE
    code = 0
    try:
        exec(program, main.__dict__)
    except SystemExit as end:
        code = exit_code(end.code)
    except BaseException as error:
        code = 1
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        sys.__excepthook__(type(error), error, trace)
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except SystemExit as end:
        code = exit_code(end.code)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        code = code or 120
    return code


def exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1


def child(source, pipes):
    code = 1
    try:
        os.dup2(pipes[0], 0)
        os.dup2(pipes[1], 1)
        os.dup2(pipes[2], 2)
        os.closerange(3, 256)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        code = run_program(source)
    finally:
        os._exit(code)


def end_all():
    """Ends and reaps every other process of the sandbox but its first."""
    while True:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            return


def clear():
    """Leaves /tmp as it was; where it cannot, this sandbox has served."""
    for name in os.listdir(TEMPORARY):
        path = os.path.join(TEMPORARY, name)
        if path == WORK:
            continue
        remove(path)
    if not stat.S_ISDIR(os.lstat(WORK).st_mode):
        os._exit(0)
    for name in os.listdir(WORK):
        remove(os.path.join(WORK, name))


def remove(path):
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)
        return
    os.chmod(path, 0o700)
    for name in os.listdir(path):
        remove(os.path.join(path, name))
    os.rmdir(path)


def run_once(source, text):
    with open(INPUT, "wb") as file:
        file.write(text)
    input_end = os.open(INPUT, os.O_RDONLY)
    os.unlink(INPUT)
    out_read, out_write = os.pipe()
    error_read, error_write = os.pipe()
    started = time.monotonic()
    process = os.fork()
    if process == 0:
        child(source, (input_end, out_write, error_write))
    for end in (input_end, out_write, error_write):
        os.close(end)
    handle = os.pidfd_open(process)
    kinds = {out_read: b"o", error_read: b"e"}
    poll = select.poll()
    for end in (out_read, error_read, handle):
        poll.register(end, select.POLLIN)
    status, usage = None, None
    while status is None:
        for end, _ in poll.poll():
            if end == handle:
                _, status, usage = os.wait4(process, 0)
                continue
            data = os.read(end, 1 << 16)
            if data:
                write_frame(kinds[end], data)
            else:
                poll.unregister(end)
    wall = time.monotonic() - started
    end_all()
    for end in (out_read, error_read):
        os.set_blocking(end, False)
        try:
            while data := os.read(end, 1 << 16):
                write_frame(kinds[end], data)
        except BlockingIOError:
            pass
    for end in (out_read, error_read, handle):
        os.close(end)
    code = os.waitstatus_to_exitcode(status)
    write_frame(b"x", json.dumps({
        "code": code if code >= 0 else None, "signal": -code if code < 0 else None, "wall": wall,
        "processor": usage.ru_utime + usage.ru_stime,
    }).encode())
    clear()
    write_frame(b"c", b"")


def main():
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.collect()
    gc.freeze()
    write_frame(b"r", b"")
    source = read_frame()
    while True:
        run_once(source, read_frame())


main()
