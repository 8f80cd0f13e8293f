/** Programs that never end, compute without bound, or print without end. */
import { attack } from "./testing/attacks.ts";

attack("output flood", { source: `while True: print("x" * 1000)`, ends: ["output-limit"] });

attack("error output flood", {
  source: `
import os
while True: os.write(2, b"x" * 65536)`,
  ends: ["output-limit"],
});

attack("output flood in C++", {
  language: "cpp",
  source: `
#include <unistd.h>
char x[65536];
int main() { for (;;) write(1, x, sizeof x); }`,
  ends: ["output-limit"],
});

attack("infinite loop", { source: "while True: pass", ends: ["timeout"] });

attack("processor time used up before the wall clock", {
  source: "while True: pass",
  ends: ["timeout"],
  says: /processor time/,
  limits: { wallSeconds: 20, cpuSeconds: 1 },
});

attack("ignoring the end of the processor time", {
  source: `
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True: pass`,
  ends: ["timeout", "crashed"],
  limits: { wallSeconds: 20, cpuSeconds: 1 },
});

attack("sleeping past the deadline", {
  source: "import time; time.sleep(1000)",
  ends: ["timeout"],
  limits: { wallSeconds: 0.5 },
});

attack("ignoring every signal", {
  source: `
import signal, time
for number in signal.valid_signals():
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(1)`,
  ends: ["timeout"],
  limits: { wallSeconds: 0.5 },
});

attack("waiting for input that never comes", {
  source: `
import select, sys
data = sys.stdin.read()
import os
while True: select.select([], [], [], 1)`,
  ends: ["timeout"],
  limits: { wallSeconds: 0.5 },
});

attack("huge integers", { source: "print(9 ** 9 ** 9)", ends: ["timeout", "memory", "crashed"] });

attack("deep recursion", {
  source: `
import sys
sys.setrecursionlimit(10 ** 9)
def f(n): return [f(n + 1)]
f(0)`,
  ends: ["crashed", "memory", "timeout"],
});

attack("recursion without end in C++", {
  language: "cpp",
  source:
    "volatile int x; int f(int n) { volatile char a[4096]; a[0] = n; x = a[0]; return f(n + 1) + a[0]; } int main() { return f(0); }",
  ends: ["crashed", "memory"],
});

attack("regular expression bomb", {
  source: `import re; re.match(r"(a+)+$", "a" * 60 + "b")`,
  ends: ["timeout"],
});

attack("decompression bomb", {
  source: `
import zlib
data = b""
pack = zlib.compressobj(9)
for i in range(256): data += pack.compress(b"\\0" * (1 << 20))
data += pack.flush()
print(len(zlib.decompress(data)))
print("ESCAPED")`,
  ends: ["memory"],
});

attack("core dumps", {
  source: `
import os, resource, signal
try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
    print("ESCAPED", flush=True)
except (ValueError, OSError): pass
if os.fork() == 0: os.kill(os.getpid(), signal.SIGABRT)
_, status = os.wait()
print("ESCAPED" if os.WCOREDUMP(status) else "contained", [n for n in os.listdir(".") if "core" in n])`,
});

attack("raising its own limits", {
  source: `
import os, resource
won = []
for name in ["NPROC", "NOFILE", "DATA", "AS", "CPU", "FSIZE", "STACK"]:
    try:
        number = getattr(resource, "RLIMIT_" + name)
        resource.setrlimit(number, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)); won.append(name)
    except (ValueError, OSError): pass
try: os.nice(-5); won.append("nice")
except OSError: pass
try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)); won.append("realtime")
except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});
