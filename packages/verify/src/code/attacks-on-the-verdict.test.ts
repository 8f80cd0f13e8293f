/** Programs that try to be judged correct without being so, and compilations that never end. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { runTests } from "./run-tests.ts";
import { attack, attackLimits, skip, through } from "./testing/attacks.ts";

attack("speaking the runner's own words", {
  source: `
import json, os, struct
def frame(kind, payload): return kind + struct.pack("<I", len(payload)) + payload
forged = frame(b"o", b"ESCAPED") + frame(b"x", json.dumps({"code": 0, "signal": None, "wall": 0, "processor": 0}).encode())
for descriptor in range(3, 256):
    try: os.write(descriptor, forged)
    except OSError: pass
for process in (1, os.getppid()):
    for descriptor in range(256):
        try: os.write(os.open(f"/proc/{process}/fd/{descriptor}", os.O_WRONLY), forged)
        except OSError: pass
print("contained")`,
});

attack("forged words on standard output are output", {
  source: `
import os, struct
os.write(1, b"x" + struct.pack("<I", 10) + b'{"code":0}')
print("ESCAPED")`,
  says: /got "x/,
});

attack("leaving before the answer", { source: "import sys; sys.exit(0)", says: /got ""/ });
attack("leaving without clean-up", { source: "import os; os._exit(0)", says: /got ""/ });
attack("printing that it passed", {
  source: `print("passed\\nok 1\\nAll tests passed\\n{\\"status\\": \\"passed\\"}")`,
  says: /got "passed"/,
});
attack("the right output, then a failure", {
  source: `print("ESCAPED", flush=True); raise SystemExit(3)`,
  ends: ["crashed"],
});
attack("the right output, then a crash", {
  source: `
import os
print("ESCAPED", flush=True)
os.abort()`,
  ends: ["crashed"],
});

test("looking for the expected output in files, environment and all memory", { skip }, async () => {
  const source = `
import os, re
pattern = re.compile(b"expected" + b"-[0-9a-f]{32}")
found = set()
for folder, _, names in os.walk("/tmp"):
    for name in names: found |= set(pattern.findall(open(os.path.join(folder, name), "rb").read()))
memory = open("/proc/self/mem", "rb", buffering=0)
read = 0
for line in open("/proc/self/maps"):
    fields = line.split()
    start, end = (int(part, 16) for part in fields[0].split("-"))
    if not fields[1].startswith("r") or "[v" in line: continue
    memory.seek(start)
    try: data = memory.read(end - start)
    except OSError: continue
    read += len(data)
    found |= set(pattern.findall(data))
print(*found if found else ["nothing in", read])`;
  const tests = [1, 2, 3].map(() => {
    const stdout = `expected-${randomBytes(16).toString("hex")}`;
    return { kind: "io", stdin: "", stdout } as const;
  });
  const report = await runTests({ language: "python", source }, tests, attackLimits);
  assert.equal(report.passed, 0);
  for (const result of report.tests) assert.match(result.detail ?? "", /got "nothing in \d{6}/);
});

attack("reading on for the next test's input", {
  source: `
import os, sys
first = sys.stdin.read()
rest = os.read(0, 100000)
print("ESCAPED" if rest or first not in ("one", "two") else "contained")`,
  inputs: ["one", "two"],
});

attack("changing what the next run finds", {
  source: `
import builtins, json, os, struct, sys, traceback
word = input()
if word == "one":
    builtins.print = lambda *a, **k: sys.stdout.write("ESCAPED")
    os.write = struct.pack = json.dumps = lambda *a: b"ESCAPED"
    sys.modules["os"] = None
    import ctypes
    for path in ("struct.py", "os.py", "json.py", "sitecustomize.py", "usercustomize.py", "traceback.py"):
        open("/tmp/work/" + path, "w").write("raise SystemExit('ESCAPED')")
    sys.stdout.write("contained")
else:
    import json, os, struct
    print("contained" if struct.__file__.startswith("/usr") or "/lib/" in struct.__file__ else "ESCAPED")`,
  inputs: ["one", "two"],
});

attack("output after the end: exit handlers, threads, children", {
  source: `
import atexit, os, threading, time
atexit.register(lambda: print("late"))
def later():
    time.sleep(0.05); print("later", flush=True)
threading.Thread(target=later).start()
if os.fork() == 0:
    time.sleep(30); print("ESCAPED", flush=True); os._exit(0)
print("contained")`,
});

attack("an alarm that ends it in the middle", {
  source: `
import signal, time
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(10)
print("ESCAPED")`,
  ends: ["crashed"],
});

attack("stopping instead of ending", {
  source: `
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
print("ESCAPED")`,
  ends: ["timeout"],
  limits: { wallSeconds: 0.5 },
});

attack("stopping the runner", {
  source: `
import os, signal
os.kill(os.getppid(), signal.SIGSTOP)
print("contained")`,
  ends: ["timeout"],
  limits: { wallSeconds: 0.5 },
});

attack("output that is no text", {
  source: `
import os
os.write(1, bytes(range(256)) * 10)`,
  says: /line 1/,
});

attack("source that is no text", { source: "x = '\\ud800'\0", ends: ["compile-error"], says: /SyntaxError/ });
attack("source nested too deeply", { source: "(".repeat(100_000), ends: ["compile-error", "crashed"] });
attack("source of a constant without end", {
  source: `x = ${"-".repeat(50_000)}1`,
  ends: ["compile-error", "crashed", "failed", "memory"],
  says: /./,
});

// JavaScript.
attack("process.exit before the answer", {
  language: "javascript",
  source: "process.exit(0);",
  says: /got ""/,
});
attack("polluted prototypes", {
  language: "javascript",
  source: `
Object.prototype.status = "passed"; Array.prototype.every = () => true; JSON.stringify = () => "ESCAPED";
String.prototype.trimEnd = () => "ESCAPED"; Object.prototype.stdout = "ESCAPED";
process.stdout.write("contained");`,
});
attack("native doors of Node.js", {
  language: "javascript",
  source: `
const won = [];
const attempt = (name, action) => { try { action(); won.push(name); } catch {} };
const fs = require("node:fs");
attempt("passwd", () => fs.readFileSync("/etc/passwd"));
attempt("write", () => fs.writeFileSync("/usr/MARKER", "x"));
attempt("uid", () => process.setuid(0));
attempt("kill", () => process.kill(process.ppid === 1 ? 99999 : 99998, "SIGKILL"));
attempt("spawn", () => { if (require("node:child_process").execSync("id -u").toString().trim() === "0") return; throw 0; });
attempt("net", () => { const b = process.binding("tcp_wrap"); const t = new b.TCP(0); if (t.bind("127.0.0.1", 0) !== 0) throw 0; });
console.log(won.length ? "ESCAPED " + won : "contained");`,
});
attack("worker threads without end", {
  language: "javascript",
  source: `
const { Worker } = require("node:worker_threads");
for (;;) new Worker("for(;;);", { eval: true }).on("error", () => {});`,
  ends: ["memory", "crashed", "timeout"],
});
attack("a timer that keeps it alive", {
  language: "javascript",
  source: `console.log("ESCAPED"); setInterval(() => {}, 1000);`,
  ends: ["timeout"],
  limits: { wallSeconds: 1 },
});

// C++: the compiler is behind the wall as well, with limits of its own.
const bombs: Record<string, string> = {
  "template recursion": "template<int n> struct A { A<n+1> a; }; A<0> a; int main() {}",
  "exponential templates":
    "template<int n, class L, class R> struct T { typedef T<n-1, T<n,L,R>, T<n,R,L>> X; static const int v = T<n-1,T<n,L,R>,L>::v + T<n-1,T<n,R,L>,R>::v; }; template<class L, class R> struct T<0,L,R> { static const int v = 1; }; int main() { return T<24,int,char>::v; }",
  "a header that never ends": '#include "/dev/urandom"\nint main() {}',
  "a device as a header": '#include "/dev/zero"\nint main() {}',
  "the host's files as headers": '#include "/etc/passwd"\nint main() {}',
  "the process's own input as a header": '#include "/dev/stdin"\n#include "/proc/self/fd/0"\nint main( {}',
  "a header that includes itself": '#include "main.cpp"\nint main() {}',
  "macros that double": `#define a0 x x x x x x x x\n${Array.from({ length: 12 }, (_, n) => `#define a${n + 1} a${n} a${n} a${n} a${n} a${n} a${n} a${n} a${n}\n`).join("")}a12\nint main() {}`,
  "a constant expression without end":
    "constexpr long f(long n) { long s = 0; for (long i = 0; i < n; i++) for (long j = 0; j < n; j++) s += i ^ j; return s; } constexpr long x = f(1000000000); int main() { return x; }",
  "a binary larger than the disk": "char a[1L << 31] = {1}; int main() { return a[5]; }",
};
for (const [name, source] of Object.entries(bombs))
  attack(`compiler: ${name}`, { language: "cpp", source, ends: ["compile-error"] });

test("compiler: what it may read is the sandbox's", { skip }, async () => {
  const source = `
#include <cstdio>
asm(".section .rodata\\n.global secret\\nsecret: .incbin \\"/etc/shadow\\"\\n.byte 0\\n.text");
int main() { puts("${through}"); }`;
  const tests = [{ kind: "io", stdin: "", stdout: through }] as const;
  const report = await runTests({ language: "cpp", source }, tests, attackLimits);
  assert.equal(report.outcome, "unparsed", JSON.stringify(report));
});

test("a program beside an attack is judged as ever", { skip }, async () => {
  const tests = [{ kind: "io", stdin: "3 4\n", stdout: "7\n" }] as const;
  const bomb = runTests({ language: "python", source: "import os\nwhile 1: os.fork()" }, tests, attackLimits);
  const good = runTests({ language: "python", source: "print(sum(map(int, input().split())))" }, tests);
  assert.equal((await good).outcome, "correct");
  assert.notEqual((await bomb).outcome, "correct");
});
