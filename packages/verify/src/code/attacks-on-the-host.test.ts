/** Programs that reach for the host: its files, processes, network, kernel interfaces. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runTests } from "./run-tests.ts";
import { attack, attackLimits, leftProcesses, marker, skip, through } from "./testing/attacks.ts";

attack("the host's files", {
  source: `
import os
seen = []
for path in ["/etc/shadow", "/etc/passwd", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/root", "/home",
             "/var", "/run", "/sys", "/boot", "/mnt", "/srv", "/work", "/proc/1/root/etc/passwd",
             "${process.cwd()}", "${import.meta.dirname}", "/proc/1/cwd/../../../etc/passwd",
             "/proc/kcore", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/tty", "/dev/ptmx", "/dev/nvidia0", "/dev/fuse"]:
    try: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1); seen.append(path)
    except OSError: pass
print("ESCAPED" if seen else "contained", seen)`,
});

attack("the environment", {
  source: `
import os
allowed = {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "OLDPWD", "SHLVL", "_", "PYTHONDONTWRITEBYTECODE",
           "PYTHONHASHSEED", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "UV_THREADPOOL_SIZE"}
names = set(os.environ)
for process in [p for p in os.listdir("/proc") if p.isdigit()]:
    try: names |= {item.split(b"=")[0].decode() for item in open(f"/proc/{process}/environ", "rb").read().split(b"\\0") if item}
    except OSError: pass
print("ESCAPED" if names - allowed else "contained", sorted(names - allowed))`,
});

attack("descriptors that the host left open", {
  source: `
import os
found = []
for descriptor in range(3, 1024):
    try:
        target = os.readlink(f"/proc/self/fd/{descriptor}")
        os.fstat(descriptor)
        if target != "/dev/null": found.append(target)
    except OSError: pass
print("ESCAPED" if found else "contained", found)`,
});

test("a descriptor that this process would leak to its children is not seen inside", { skip }, () => {
  // A shell hands descriptor 7 to a process that then runs a program in a sandbox.
  const script = `
const { runTests } = await import(${JSON.stringify(new URL("run-tests.ts", import.meta.url).href)});
const source = "import os\\ntry: print(os.readlink('/proc/self/fd/7')[:4])\\nexcept OSError: print('/dev')";
const shell = "const fs=require('fs');try{console.log(fs.readlinkSync('/proc/self/fd/7').startsWith('/etc')?'/etc':'/dev')}catch{console.log('/dev')}";
const tests = [{ kind: "io", stdin: "", stdout: "/dev" }];
for (const program of [{ language: "python", source }, { language: "javascript", source: shell }])
  console.log(JSON.stringify(await runTests(program, tests)));`;
  const parameters = [
    ...process.execArgv.filter((flag) => !flag.includes("test")),
    "--input-type=module",
    "-e",
    script,
  ];
  const output = execFileSync(
    "/bin/sh",
    ["-c", 'exec 7</etc/passwd; exec "$@"', "sh", process.execPath, ...parameters],
    { encoding: "utf8" },
  );
  assert.equal(output.match(/"outcome":"correct"/g)?.length, 2, output);
});

attack("other processes", {
  source: `
import os
names = [open(f"/proc/{p}/cmdline", "rb").read().split(b"\\0")[0] for p in os.listdir("/proc") if p.isdigit()]
print("contained" if len(names) <= 4 and all(b"node" not in n for n in names) else "ESCAPED", names)`,
});

attack("killing everything in sight", {
  source: `
import os, signal
os.kill(-1, signal.SIGKILL)
print("ESCAPED")`,
  ends: ["crashed"],
});

attack("killing the parent and the first process", {
  source: `
import os, signal, time
for process in (1, os.getppid()):
    try: os.kill(process, signal.SIGKILL)
    except OSError: pass
time.sleep(0.2)
print("ESCAPED")`,
  ends: ["crashed"],
});

attack("killing by number", {
  source: `
import os, signal
hit = []
for process in range(3, 100000):
    if process in (os.getpid(), os.getppid()): continue
    try: os.kill(process, signal.SIGKILL); hit.append(process)
    except ProcessLookupError: pass
    except PermissionError: hit.append(process)
print("ESCAPED" if hit else "contained", hit[:9])`,
});

attack("a daemon, forked twice, in a session of its own", {
  source: `
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sh", ["sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done", "MARKER"])
    os._exit(0)
os.wait()
import time; time.sleep(0.1)
print("contained")`,
});

attack("a daemon of one test in the next", {
  source: `
import os, time
if input() == "first":
    open("/tmp/left", "w").write("x"); open("/tmp/work/left", "w").write("x")
    os.makedirs("/tmp/deep/" + "d/" * 100)
    if os.fork() == 0:
        os.setsid(); time.sleep(100)
    print("contained")
else:
    others = [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid(), os.getppid())]
    left = os.listdir("/tmp") + os.listdir("/tmp/work")
    print("contained" if not others and left == ["work"] else "ESCAPED", others, left)`,
  inputs: ["first", "second"],
});

attack("files that cannot be cleared away", {
  source: `
import os
if input() == "first":
    os.mkdir("/tmp/locked"); open("/tmp/locked/x", "w").close(); os.chmod("/tmp/locked", 0)
    os.rmdir("/tmp/work"); os.symlink("/usr", "/tmp/work")
    print("contained")
else:
    print("contained" if os.listdir("/tmp") == ["work"] and not os.path.islink("/tmp/work") else "ESCAPED", os.listdir("/tmp"))`,
  inputs: ["first", "second"],
});

attack("folders nested deeper than any path", {
  source: `
import os
if input() == "first":
    for i in range(5000):
        os.mkdir("d"); os.chdir("d")
    print("contained")
else: print("contained" if os.listdir("/tmp/work") == [] else "ESCAPED")`,
  inputs: ["first", "second"],
});

attack("debugging another process", {
  source: `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
won = []
for process in (os.getppid(), 1):
    if libc.ptrace(16, process, 0, 0) == 0: won.append("attach")
    for name, flags in (("mem", os.O_RDWR), ("mem", os.O_RDONLY), ("fd/0", os.O_RDWR), ("fd/1", os.O_WRONLY)):
        try: os.open(f"/proc/{process}/{name}", flags); won.append((process, name, flags))
        except OSError: pass
class vec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(8)
local, remote = vec(ctypes.addressof(buffer), 8), vec(id(won), 8)
if libc.process_vm_readv(os.getppid(), ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0: won.append("readv")
# The first process is a shell with nothing to hide; its memory can be read, not written.
won = [w for w in won if w != (1, "mem", os.O_RDONLY)]
print("ESCAPED" if won else "contained", won)`,
});

attack("writing to /proc and /sys", {
  source: `
import glob, os
won = []
for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger", "/proc/self/oom_score_adj",
             "/proc/self/uid_map", "/proc/self/attr/current", "/proc/sys/kernel/hostname", "/sys/fs/cgroup/cgroup.procs",
             "/proc/self/timerslack_ns", "/proc/self/mem"]:
    try: os.open(path, os.O_WRONLY); won.append(path)
    except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});

attack("mounts, namespaces, roots", {
  source: `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
won = []
def call(name, result):
    if result >= 0: won.append(name)
for flag in (0x10000000, 0x20000, 0x40000000, 0x4000000, 0x8000000, 0x20000000, 0x2000000):
    call(f"unshare {flag:x}", libc.unshare(flag))
    call(f"clone {flag:x}", libc.syscall(56 if os.uname().machine == "x86_64" else 220, flag | 17, 0, 0, 0, 0))
call("mount", libc.mount(b"none", b"/tmp/work", b"tmpfs", 0, None))
call("remount", libc.mount(None, b"/usr", None, 32 | 4096, None))
call("umount", libc.umount2(b"/usr", 2))
call("chroot", libc.chroot(b"/tmp"))
call("sethostname", libc.sethostname(b"x", 1))
for name in ("user", "mnt", "pid", "net"):
    try: call("setns " + name, libc.setns(os.open("/proc/1/ns/" + name, os.O_RDONLY), 0))
    except OSError: pass
call("open_tree", libc.syscall(428, -100, b"/", 1))
call("fsopen", libc.syscall(430, b"tmpfs", 0))
print("ESCAPED" if won else "contained", won)`,
});

attack("rarely walked kernel interfaces", {
  source: `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
x86 = os.uname().machine == "x86_64"
numbers = {"keyctl": (250, 219), "add_key": (248, 217), "bpf": (321, 280), "perf_event_open": (298, 241), "io_uring_setup": (425, 425),
           "userfaultfd": (323, 282), "kexec_load": (246, 104), "init_module": (175, 105), "reboot": (169, 142), "swapon": (167, 224),
           "syslog": (103, 116), "settimeofday": (164, 170), "open_by_handle_at": (304, 265), "personality": (135, 92), "pidfd_getfd": (438, 438)}
won = []
for name, pair in numbers.items():
    ctypes.set_errno(0)
    if libc.syscall(pair[0 if x86 else 1], 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() != 1: won.append((name, ctypes.get_errno()))
print("ESCAPED" if won else "contained", won)`,
});

attack("system calls by another number", {
  language: "cpp",
  source: `
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>
int main() {
#ifdef __x86_64__
  bool through = false;
  for (int way = 0; way < 2; way++) {
    int child = fork();
    if (child == 0) {
      long answer;
      if (way == 0) answer = syscall(0x40000000 + 39);
      else asm volatile("int $0x80" : "=a"(answer) : "a"(20));
      _exit(answer > 0 ? 7 : 0);
    }
    int status; wait(&status);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 7) through = true;
  }
  puts(through ? "ESCAPED" : "contained");
#else
  puts("contained");
#endif
}`,
});

attack("writing through symbolic links", {
  source: `
import os
won = []
for at, target in enumerate(["/etc/passwd", "/usr/bin/MARKER", "/proc/self/root/usr/MARKER", "/proc/1/root/tmp/../usr/MARKER", "/var/tmp/MARKER", "../../../../../var/tmp/MARKER"]):
    os.symlink(target, f"link{at}")
    try: open(f"link{at}", "w").write("x"); won.append(target)
    except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});

attack("hard links and device nodes", {
  source: `
import os, stat
won = []
for target in ["/usr/bin/su", "/usr/bin/env"]:
    try: os.link(target, "hard"); won.append(target)
    except OSError: pass
for name, kind in (("disk", stat.S_IFBLK), ("memory", stat.S_IFCHR)):
    try: os.mknod(name, 0o600 | kind, os.makedev(1, 1)); won.append(name)
    except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});

attack("programs that run as their owner", {
  source: `
import glob, os, stat, subprocess
won = []
os.chmod("/tmp/work", 0o777)
for program in ["su", "mount", "umount", "passwd", "sudo", "chsh", "newgrp", "pkexec", "fusermount"]:
    path = "/usr/bin/" + program
    if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID:
        status = subprocess.run([path, "--help"], stdin=subprocess.DEVNULL, capture_output=True)
try:
    os.setuid(0); won.append("setuid")
except OSError: pass
try:
    os.setgroups([0]); won.append("setgroups")
except OSError: pass
text = open("/proc/self/status").read()
if "NoNewPrivs:\\t1" not in text: won.append("new privileges")
if any(int(line.split()[1], 16) for line in text.splitlines() if line.startswith("Cap") and not line.startswith("CapBnd")): won.append("capabilities")
print("ESCAPED" if won else "contained", won)`,
});

attack("typing into the terminal", {
  source: `
import fcntl, os, termios
won = []
for descriptor in (0, 1, 2):
    try: fcntl.ioctl(descriptor, termios.TIOCSTI, b"x"); won.append(descriptor)
    except OSError: pass
try: os.open("/dev/tty", os.O_RDWR); won.append("tty")
except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});

attack("raw, packet and netlink sockets, other families", {
  source: `
import socket
won = []
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, socket.AF_NETLINK, 40, 31, 38):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try: socket.socket(family, kind); won.append((family, kind))
        except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});

attack("names and addresses", {
  source: `
import socket
won = []
for host in ("localhost", "example.com", "127.0.0.1", "169.254.169.254", "8.8.8.8"):
    try: socket.create_connection((host, 53), timeout=1); won.append(host)
    except OSError: pass
try: socket.getaddrinfo("example.com", 80); won.append("dns")
except OSError: pass
print("ESCAPED" if won else "contained", won)`,
});

/** Services of the host, which a program outside the sandbox could reach. */
const folder = await mkdtemp(join(tmpdir(), `aha-services-${process.pid}-`));
await chmod(folder, 0o777);
const abstractName = `\0${marker}-abstract`;
const servers: Server[] = [];
let visits = 0;
const hostPort = (): number => (servers[0]?.address() as AddressInfo | undefined)?.port ?? 0;

before(async () => {
  for (const at of [0, join(folder, "socket"), abstractName]) {
    const server = createServer((socket) => {
      visits++;
      socket.end("hello");
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(at, resolve));
  }
  writeFileSync(join(folder, "secret"), "secret", { mode: 0o666 });
});

after(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true });
});

test("services of the host: TCP on the loopback, a socket in /tmp, an abstract socket, a file", {
  skip,
}, async () => {
  const port = hostPort();
  const source = `
import os, socket
won = []
try:
    socket.create_connection(("127.0.0.1", ${port}), timeout=1); won.append("tcp")
except OSError: pass
for address in ("${folder}/socket", "\\0${abstractName.slice(1)}"):
    try:
        s = socket.socket(socket.AF_UNIX); s.connect(address); won.append(address)
    except OSError: pass
if os.path.exists("${folder}"): won.append("file")
print("${through}" if won else "contained", won)`;
  const tests = [{ kind: "io", stdin: "", stdout: through }] as const;
  const report = await runTests({ language: "python", source }, tests, attackLimits);
  assert.match(report.tests[0]?.detail ?? "", /got "contained/, JSON.stringify(report));
  assert.equal(visits, 0);
  assert.deepEqual(leftProcesses(), []);
});

test("the same services can be reached without a sandbox: the attack is real", { skip }, async () => {
  for (const at of [{ port: hostPort() }, { path: join(folder, "socket") }, { path: abstractName }])
    await new Promise<void>((resolve, reject) => {
      const socket = connect(at);
      socket.on("error", reject);
      socket.on("data", () => {});
      socket.on("close", () => resolve());
    });
  assert.equal(visits, 3);
});
