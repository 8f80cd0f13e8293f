/** Programs that try to use up the machine: processes, memory, disk, descriptors. */
import { attack } from "./testing/attacks.ts";

attack("fork bomb", {
  source: `
import os
while True:
    try: os.fork()
    except OSError: pass`,
  ends: ["timeout", "memory"],
});

attack("fork bomb that leaves when it is refused", {
  source: `
import os
while True: os.fork()`,
  ends: ["crashed", "timeout"],
});

attack("fork bomb in C++", {
  language: "cpp",
  source: `
#include <unistd.h>
int main() { for (;;) fork(); }`,
  ends: ["timeout", "memory"],
});

attack("more processes than allowed", {
  source: `
import os, time
try:
    for i in range(64):
        if os.fork() == 0: time.sleep(60)
    print("ESCAPED")
except BlockingIOError: print("contained")`,
});

attack("more threads than allowed", {
  language: "cpp",
  source: `
#include <iostream>
#include <pthread.h>
#include <unistd.h>
void* wait(void*) { sleep(60); return nullptr; }
int main() {
  pthread_attr_t small; pthread_attr_init(&small); pthread_attr_setstacksize(&small, 65536);
  for (int i = 0; i < 200; i++) { pthread_t t; if (pthread_create(&t, &small, wait, nullptr)) { std::cout << "contained"; std::cout.flush(); _exit(0); } }
  std::cout << "ESCAPED";
}`,
});

attack("memory bomb", {
  source: `
kept = []
while True: kept.append(b"x" * 1000000)`,
  ends: ["memory"],
});

attack("one allocation larger than everything", {
  source: `
kept = b"x" * (1 << 36)
print("ESCAPED")`,
  ends: ["memory"],
});

attack("many processes, each below the limit", {
  source: `
import os, time
for i in range(8):
    if os.fork() == 0:
        kept = b"x" * (24 << 20)
        time.sleep(60)
time.sleep(60)`,
  ends: ["memory"],
});

attack("memory bomb in C++", {
  language: "cpp",
  source: `
#include <cstdlib>
#include <cstring>
int main() { for (;;) { char* p = (char*)malloc(1 << 20); if (p) memset(p, 1, 1 << 20); } }`,
  ends: ["memory"],
});

attack("heap bomb in JavaScript", {
  language: "javascript",
  source: "const kept = []; for (;;) kept.push(new Array(1000).fill(1.5));",
  ends: ["memory", "crashed"],
});

attack("buffers outside of V8's heap", {
  language: "javascript",
  source: "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));",
  ends: ["memory", "crashed"],
});

attack("page tables instead of pages", {
  language: "cpp",
  source: `
#include <cstdio>
#include <sys/mman.h>
int main() {
  volatile char sum = 0; long mapped = 0;
  for (;;) {
    char* p = (char*)mmap(nullptr, 1L << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) break;
    mapped++;
    for (long at = 0; at < (1L << 30); at += 1 << 21) sum += p[at];
  }
  puts(mapped > 64 ? "ESCAPED" : "contained");
}`,
});

attack("memory that no process holds", {
  language: "cpp",
  source: `
#include <cstdio>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
int main() {
  int got = 0;
  if (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) got |= 1;
  if (memfd_create("x", 0) >= 0) got |= 2;
  if (shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) >= 0) got |= 4;
  if (msgget(IPC_PRIVATE, IPC_CREAT | 0600) >= 0) got |= 8;
  if (semget(IPC_PRIVATE, 1, IPC_CREAT | 0600) >= 0) got |= 16;
  if (mq_open("/x", O_CREAT | O_RDWR, 0600, nullptr) >= 0) got |= 32;
  if (open("/dev/zero", O_RDWR) >= 0) got |= 64;
  if (got) printf("ESCAPED"); else printf("contained");
}`,
});

attack("disk filler, one file", {
  source: `
try:
    with open("/tmp/MARKER", "wb") as file:
        for i in range(64): file.write(b"x" * (1 << 20))
    print("ESCAPED")
except OSError: print("contained")`,
});

attack("disk filler, many files and folders, also in /dev/shm", {
  source: `
import os
written = 0
try:
    for i in range(64):
        path = ["/tmp", "/dev/shm", "/tmp/work"][i % 3] + f"/MARKER-{i}"
        with open(path, "wb", buffering=0) as file: written += file.write(b"x" * (1 << 20))
except OSError: pass
print("ESCAPED" if written > 16 << 20 else "contained")`,
});

attack("anywhere else to write", {
  source: `
import os
done = []
for folder in ["/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/proc/self", "/var", "/root", "/home", "/run", "/opt", "/sys"]:
    try:
        open(folder + "/MARKER", "w").write("x"); done.append(folder)
    except OSError: pass
    try:
        os.mkdir(folder + "/MARKER-folder"); done.append(folder)
    except OSError: pass
print("ESCAPED" if done else "contained", done)`,
});

attack("inode exhaustion", {
  source: `
import os
i = 0
while True:
    os.mkdir(f"/tmp/MARKER-{i}"); i += 1`,
  ends: ["memory", "crashed"],
});

attack("descriptor exhaustion", {
  source: `
import os
kept = []
try:
    for i in range(100000): kept.append(os.open("/dev/null", os.O_RDONLY))
    print("ESCAPED")
except OSError as error: print("contained" if len(kept) < 256 else "ESCAPED")`,
});

attack("buffers of sockets", {
  source: `
import socket
kept, held = [], 0
try:
    while True:
        pair = socket.socketpair(); kept.append(pair); pair[0].setblocking(False)
        try:
            while True: held += pair[0].send(b"x" * 65536)
        except BlockingIOError: pass
except OSError: pass
print("contained" if held < 64 << 20 else "ESCAPED")`,
});
