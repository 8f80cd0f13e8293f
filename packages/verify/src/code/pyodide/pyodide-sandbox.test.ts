/** The Pyodide sandbox: it runs Python, ends what oversteps, and lets nothing through to JavaScript or the host. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, describe, test } from "node:test";
import { defaultLimits } from "../limits.ts";
import type { SandboxExit } from "../sandbox.ts";
import { SandboxError } from "../sandbox-error.ts";
import type { Limits } from "../test-case.ts";
import { describePyodide, PyodideSandbox } from "./pyodide-sandbox.ts";

const pyodide = describePyodide();

interface Run {
  readonly exit: SandboxExit;
  readonly stdout: string;
  readonly stderr: string;
}

describe("Pyodide", { skip: !pyodide.available && pyodide.reason }, () => {
  const sandbox = pyodide.available ? new PyodideSandbox({ spares: 1 }) : (null as unknown as PyodideSandbox);
  after(() => sandbox?.close());

  async function run(source: string, stdin = "", given: Partial<Limits> = {}): Promise<Run> {
    const limits = { ...defaultLimits, wallSeconds: 20, ...given };
    const child = sandbox.start({
      runtime: "python",
      parameters: ["-I", "main.py", "word"],
      files: { "main.py": source },
      limits,
    });
    const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
      let text = "";
      for await (const piece of stream) text += String(piece);
      return text;
    };
    child.stdin.end(stdin);
    const [stdout, stderr, exit] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
    return { exit, stdout, stderr };
  }

  /** Every line of the program's output says that something was refused; none that it worked. */
  async function assertRefused(attempts: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(attempts).map(
      ([name, body]) =>
        `def attempt():\n${body.replace(/^/gm, "    ")}\ntry:\n    print("REACHED ${name}", attempt())\nexcept BaseException as error:\n    print("refused ${name}", type(error).__name__)\n`,
    );
    const { stdout, stderr } = await run(lines.join("\n"));
    assert.equal(stderr, "");
    assert.deepEqual(
      stdout
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("refused")),
      [],
    );
    assert.equal(stdout.trim().split("\n").length, lines.length);
  }

  test("runs a program with its input, arguments and files", async () => {
    const source = "import sys\na, b = map(int, input().split())\nprint(a + b, sys.argv[1:])\nsys.exit(3)";
    const { exit, stdout } = await run(source, "2 40\n");
    assert.equal(stdout, "42 ['word']\n");
    assert.deepEqual([exit.reason, exit.code], ["exited", 3]);
  });

  test("an exception goes to standard error and ends the program with 1", async () => {
    const { exit, stderr } = await run("raise ValueError('here')");
    assert.match(stderr, /ValueError: here/);
    assert.equal(exit.code, 1);
  });

  test("coroutines run", async () => {
    const { stdout } = await run(
      "import asyncio\nasync def f():\n  await asyncio.sleep(0.01)\n  return 5\nprint(asyncio.run(f()))",
    );
    assert.equal(stdout, "5\n");
  });

  test("two programs see nothing of each other", async () => {
    await run("open('/tmp/left', 'w').write('x')\nimport builtins\nbuiltins.left = 1");
    const { stdout } = await run(
      "import os, builtins\nprint(os.path.exists('/tmp/left'), hasattr(builtins, 'left'))",
    );
    assert.equal(stdout, "False False\n");
  });

  test("interpreters do not share their random numbers", async () => {
    const source = "import random\nprint(random.random())";
    const outputs = [await run(source), await run(source), await run(source)].map(({ stdout }) => stdout);
    assert.equal(new Set(outputs).size, 3);
  });

  test("an endless loop is ended", async () => {
    const { exit } = await run("while True: pass", "", { wallSeconds: 1 });
    assert.equal(exit.reason, "wall-clock");
  });

  test("an endless loop that catches everything is ended", async () => {
    const source = "while True:\n  try:\n    while True: pass\n  except BaseException: pass";
    const { exit } = await run(source, "", { wallSeconds: 1 });
    assert.equal(exit.reason, "wall-clock");
  });

  test("a flood of output is ended", async () => {
    const { exit } = await run("while True: print('x' * 1000)", "", { outputKilobytes: 64 });
    assert.equal(exit.reason, "output");
  });

  test("memory is bounded", async () => {
    const { exit, stderr } = await run("x = []\nwhile True: x.append(bytearray(1 << 20))", "", {
      memoryMegabytes: 128,
    });
    assert.equal(exit.reason, "memory");
    assert.match(stderr, /MemoryError/);
  });

  test("files are bounded", async () => {
    const source = "with open('/tmp/big', 'wb') as file:\n  for _ in range(100): file.write(bytes(1 << 20))";
    const { stderr } = await run(source, "", { fileMegabytes: 8 });
    assert.match(stderr, /No space left/);
  });

  test("deep recursion is an exception of Python's", async () => {
    const { stdout } = await run("def f(): return f()\ntry: f()\nexcept RecursionError: print('caught')");
    assert.equal(stdout, "caught\n");
  });

  test("the modules of the bridge to JavaScript are gone", () =>
    assertRefused(
      Object.fromEntries(
        ["js", "pyodide_js", "pyodide_js._api", "_pyodide_core", "micropip", "ctypes", "_ctypes"].map(
          (name) => [name, `import ${name}\nreturn ${name}`],
        ),
      ),
    ));

  test("what is left of the bridge's names has no way to JavaScript", () =>
    assertRefused({
      run_js: 'from pyodide.code import run_js\nreturn run_js("1")',
      "eval by the core": 'import _pyodide_core\nreturn _pyodide_core.raw_call("1")',
      "the finder": "import sys\nreturn [f for f in sys.meta_path if 'Js' in type(f).__name__][0]",
      "a module that comes back":
        "import sys, importlib\nsys.modules.pop('pyodide', None)\nreturn importlib.import_module('pyodide').ffi.JsProxy.__call__",
      create_builtin:
        "import _imp, types\nreturn _imp.create_builtin(types.SimpleNamespace(name='_pyodide_core'))",
      create_dynamic:
        "import _imp, types\nreturn _imp.create_dynamic(types.SimpleNamespace(name='x', origin='/tmp/x.so'))",
      "the importer of builtin modules":
        "from importlib.machinery import BuiltinImporter\nreturn BuiltinImporter.load_module('_pyodide_core')",
      "an extension of one's own":
        "open('/tmp/x.so', 'wb').write(bytes.fromhex('0061736d01000000'))\nfrom importlib.machinery import ExtensionFileLoader, ModuleSpec\nloader = ExtensionFileLoader('x', '/tmp/x.so')\nreturn loader.create_module(ModuleSpec('x', loader, origin='/tmp/x.so'))",
    }));

  test("the garbage collector knows no object of JavaScript", async () => {
    const source = `import gc
gc.collect()
seen = set()
stack = list(gc.get_objects())
while stack:
    value = stack.pop()
    if id(value) in seen: continue
    seen.add(id(value))
    kind = type(value)
    if "JsProxy" in repr(kind.__mro__) and not issubclass(kind, type): print("REACHED", kind)
    stack.extend(gc.get_referents(value))
print(len(seen) > 10000)`;
    const { stdout } = await run(source);
    assert.equal(stdout, "True\n");
  });

  test("classes of proxies cannot be made use of", async () => {
    const source = `def below(kind):
    for child in type.__subclasses__(kind):
        yield child
        yield from below(child)
for kind in {k for k in below(object) if "JsProxy" in repr(k)}:
    for make in (lambda: kind(), lambda: object.__new__(kind), lambda: kind.__new__(kind)):
        try: value = make()
        except BaseException: continue
        for name in ("constructor", "globalThis", "process", "then"):
            try: print("REACHED", getattr(value, name))
            except BaseException: pass
print("done")`;
    const { stdout } = await run(source);
    assert.doesNotMatch(stdout, /REACHED/);
  });

  test("there are no processes", () =>
    assertRefused({
      system: 'import os\nreturn os.system("id")',
      "system again": 'import os, posix\nreturn os.popen("id").read()',
      fork: "import os\nreturn os.fork()",
      exec: 'import os\nreturn os.execv("/bin/sh", ["sh"])',
      subprocess: 'import subprocess\nreturn subprocess.run(["id"])',
      thread: "import threading\nreturn threading.Thread(target=print).start()",
    }));

  test("C's system() ends the program, and nothing else", async () => {
    const { exit, stdout } = await run(
      'import posix\nprint("before", flush=True)\nposix.system("touch /tmp/reached")\nprint("REACHED")',
    );
    assert.match(stdout, /^before\n/);
    assert.doesNotMatch(stdout, /REACHED/);
    assert.notEqual(exit.code, 0);
  });

  test("the host's files are not there", () =>
    assertRefused({
      passwd: 'return open("/etc/passwd").read()',
      "this package":
        'import os\nreturn [n for n in os.listdir("/") if n not in ("tmp", "home", "dev", "proc", "lib", "work")][0]',
      environment: "import os\nreturn list(os.environ)[0]",
      "the folder of the processes": 'import os\nreturn [n for n in os.listdir("/proc") if n != "self"][0]',
      "a device of the host": 'return open("/dev/mem", "rb").read(1)',
    }));

  test("there is no network, not even to this machine", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await assertRefused({
      connect: `import socket\ns = socket.socket()\ns.settimeout(1)\ns.connect(("127.0.0.1", ${port}))\nreturn s`,
      request: `import urllib.request\nreturn urllib.request.urlopen("http://127.0.0.1:${port}/", timeout=1).read()`,
      "a coroutine": `import asyncio\nreturn asyncio.run(asyncio.open_connection("127.0.0.1", ${port}))`,
    });
    await run('import socket\ns = socket.socket()\ns.bind(("127.0.0.1", 0))\ns.listen()');
    server.close();
    assert.equal(connections, 0);
  });

  test("descriptors beyond the standard ones lead nowhere", async () => {
    const source =
      "import os\nfor d in range(3, 64):\n  try: os.write(d, b'ready memory'); print('REACHED', d)\n  except OSError: pass\nprint('done')";
    const { exit, stdout } = await run(source);
    assert.equal(stdout, "done\n");
    assert.equal(exit.reason, "exited");
  });

  test("other languages are refused with what to do", () => {
    const command = { runtime: "node" as const, parameters: [], files: {}, limits: defaultLimits };
    assert.throws(() => sandbox.start(command), SandboxError);
  });
});
