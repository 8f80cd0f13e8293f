/** Programs that try the kernel: other processes' memory, mounts, namespaces, privileges, odd system calls. */
import { attack } from "./testing/attacks.ts";

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
