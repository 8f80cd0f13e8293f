/**
 * The system-call filter of the sandbox: a small classic-BPF program that leaves ordinary programs alone and
 * refuses what reaches other processes, the mount table, new namespaces, the kernel's rarely walked corners,
 * and memory that no per-process counter sees.
 */
import { SandboxError } from "./sandbox-error.ts";

/** System-call numbers on x86-64 and on arm64; null where the call does not exist. */
const refused: Readonly<Record<string, readonly [number, number | null]>> = {
  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // The mount table and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  move_mount: [429, 429],
  open_tree: [428, 428],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // Kernel interfaces with a history of holes that no test program needs.
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  lookup_dcookie: [212, 18],
  modify_ldt: [154, null],
  personality: [135, 92],
  vhangup: [153, 58],
  // The machine itself.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  iopl: [172, null],
  ioperm: [173, null],
  // Memory that belongs to no process: it would escape the count of the tree's memory.
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  msgget: [68, 186],
  semget: [64, 190],
  mq_open: [240, 180],
  // Placement of pages.
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  set_mempolicy_home_node: [450, 450],
};

interface Machine {
  readonly column: 0 | 1;
  readonly auditArchitecture: number;
  readonly clone: number;
  readonly clone3: number;
  readonly socket: number;
  readonly mmap: number;
  readonly ioctl: number;
  /** Numbers from here on belong to another calling convention of the same machine (x32). */
  readonly foreignFrom: number | null;
}

const machines: Readonly<Record<string, Machine>> = {
  x64: {
    column: 0,
    auditArchitecture: 0xc000003e,
    clone: 56,
    clone3: 435,
    socket: 41,
    mmap: 9,
    ioctl: 16,
    foreignFrom: 0x40000000,
  },
  arm64: {
    column: 1,
    auditArchitecture: 0xc00000b7,
    clone: 220,
    clone3: 435,
    socket: 198,
    mmap: 222,
    ioctl: 29,
    foreignFrom: null,
  },
};

const load = 0x20;
const and = 0x54;
const jumpIfEqual = 0x15;
const jumpIfAtLeast = 0x35;
const jumpIfAnyBit = 0x45;
const answer = 0x06;

const allow = 0x7fff0000;
const killProcess = 0x80000000;
const errno = (code: number): number => 0x00050000 | code;
const notPermitted = errno(1);
const noSuchCall = errno(38);
const noSuchFamily = errno(97);

/** Offsets in `struct seccomp_data`; an argument's low word comes first on both machines. */
const callNumber = 0;
const architecture = 4;
const argument = (index: number): number => 16 + 8 * index;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaceFlags = 0x7e020000;
/** MAP_SHARED | MAP_ANONYMOUS: its pages can outlive every mapping that a count would see. */
const sharedAnonymous = 0x21;
const unixFamily = 1;
/** Input pushed into a terminal as though typed there. */
const pushInput = 0x5412;
const consoleControl = 0x541c;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

function instructions(machine: Machine): Instruction[] {
  const program: Instruction[] = [
    [load, 0, 0, architecture],
    [jumpIfEqual, 1, 0, machine.auditArchitecture],
    [answer, 0, 0, killProcess],
    [load, 0, 0, callNumber],
  ];
  const refuse = (call: number, verdict: number) =>
    program.push([jumpIfEqual, 0, 1, call], [answer, 0, 0, verdict]);
  if (machine.foreignFrom !== null)
    program.push([jumpIfAtLeast, 0, 1, machine.foreignFrom], [answer, 0, 0, killProcess]);
  program.push(
    [jumpIfEqual, 0, 4, machine.mmap],
    [load, 0, 0, argument(3)],
    [and, 0, 0, sharedAnonymous],
    [jumpIfEqual, 0, 1, sharedAnonymous],
    [answer, 0, 0, notPermitted],
  );
  // The jumps over a block leave the accumulator as it was; falling out of one must load it again.
  program.push([load, 0, 0, callNumber]);
  program.push(
    [jumpIfEqual, 0, 4, machine.clone],
    [load, 0, 0, argument(0)],
    [jumpIfAnyBit, 0, 1, namespaceFlags],
    [answer, 0, 0, notPermitted],
    [answer, 0, 0, allow],
    [jumpIfEqual, 0, 4, machine.ioctl],
    [load, 0, 0, argument(1)],
    [jumpIfEqual, 1, 0, pushInput],
    [jumpIfEqual, 0, 1, consoleControl],
    [answer, 0, 0, notPermitted],
    [load, 0, 0, callNumber],
    [jumpIfEqual, 0, 4, machine.socket],
    [load, 0, 0, argument(0)],
    [jumpIfEqual, 1, 0, unixFamily],
    [answer, 0, 0, noSuchFamily],
    [answer, 0, 0, allow],
  );
  // The C library falls back to `clone`, whose flags the filter can see.
  refuse(machine.clone3, noSuchCall);
  for (const numbers of Object.values(refused)) {
    const call = numbers[machine.column];
    if (call !== null) refuse(call, notPermitted);
  }
  program.push([answer, 0, 0, allow]);
  return program;
}

/** The filter as bwrap's `--seccomp` reads it: an array of `struct sock_filter`, 8 bytes each. */
export function seccompFilter(processorArchitecture: string): Buffer {
  const machine = machines[processorArchitecture];
  if (machine === undefined)
    throw new SandboxError(
      `the sandbox's system-call filter knows x64 and arm64, not ${processorArchitecture}; run code tests on one of those`,
    );
  const program = instructions(machine);
  const bytes = Buffer.alloc(8 * program.length);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(value, 8 * index + 4);
  }
  return bytes;
}
