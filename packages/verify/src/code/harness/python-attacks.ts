/** Python programs that try to pass without computing anything, for the tests of this folder. */

export interface Attack {
  readonly name: string;
  readonly source: string;
  /** The test code; by default three calls of `inc`. */
  readonly code?: string;
}

export const incrementTest = `
def check(candidate):
    assert candidate(1) == 2
    assert candidate(41) == 42
    assert abs(candidate(0) - 1) < 1e-9
check(inc)
`;

/** A frame as bytes in Python source. */
const frame = (letter: string, body: string): string =>
  `(len(b'''${body}''').to_bytes(4, "big") + b"${letter}" + b'''${body}''')`;
const passed = `${frame("V", '{"event":"plan","count":1}')} + ${frame("V", '{"event":"result","passed":true}')} + ${frame("V", '{"event":"done","used":true}')}`;

const alwaysEqual = `
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 2
    def __bool__(self): return True
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __contains__(self, other): return True
    def __abs__(self): return self
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __sub__(self, other): return 0
    __rsub__ = __add__ = __radd__ = __mul__ = __sub__
`;

export const pythonAttacks: readonly Attack[] = [
  { name: "sys.exit(0) while loading", source: "import sys\nsys.exit(0)" },
  { name: "os._exit(0) while loading", source: "import os\nos._exit(0)" },
  { name: "sys.exit(0) in the call", source: "import sys\ndef inc(x): sys.exit(0)" },
  { name: "os._exit(0) in the call", source: "import os\ndef inc(x): os._exit(0)" },
  { name: "quit by raising SystemExit", source: "def inc(x): raise SystemExit(0)" },
  {
    name: "printing what a harness would",
    source: `print("passed\\n1 passed in 0.01s\\nOK")\ndef inc(x): print("OK")`,
  },
  {
    name: "verdict frames on every descriptor, while loading",
    source: `import os\nfor descriptor in range(256):\n  try: os.write(descriptor, ${passed})\n  except OSError: pass\ndef inc(x): return 0`,
  },
  {
    name: "verdict frames on every descriptor, in the call",
    source: `import os\ndef inc(x):\n  for descriptor in range(256):\n    try: os.write(descriptor, ${passed})\n    except OSError: pass\n  return 0`,
  },
  {
    name: "a forged answer before the real one",
    source: `import os\ndef inc(x):\n  for descriptor in range(3, 256):\n    try: os.write(descriptor, ${frame("A", '{"v": 2}')})\n    except OSError: pass\n  return 2`,
  },
  { name: "an object equal to everything", source: `${alwaysEqual}def inc(x): return Same()` },
  {
    name: "a list of objects equal to everything",
    source: `${alwaysEqual}def inc(x): return [Same()]`,
    code: "assert inc(1) == [2]\nassert inc(2) == [3]",
  },
  {
    name: "an object equal to everything against !=",
    source: `${alwaysEqual}def inc(x): return Same()`,
    code: "assert inc(1) != 3",
  },
  {
    name: "an object equal to everything in a set",
    source: `${alwaysEqual}def inc(x): return {Same()}`,
    code: "assert inc(1) == {2}",
  },
  {
    name: "an object that contains everything",
    source: `${alwaysEqual}def inc(x): return Same()`,
    code: "assert 2 in inc(1)",
  },
  {
    name: "an integer that claims to be equal",
    source:
      "class Lie(int):\n  def __eq__(self, other): return True\n  def __sub__(self, other): return 0\n  __hash__ = int.__hash__\n  def __index__(self): return 2\n  def __add__(self, other): return 2\ndef inc(x): return Lie(0)",
  },
  {
    name: "a list that claims to be equal",
    source:
      "class Lie(list):\n  def __eq__(self, other): return True\n  def __iter__(self): return iter([])\ndef inc(x): return Lie([9])",
    code: "assert inc(1) == [2]",
  },
  {
    name: "a string that claims to be equal",
    source:
      "class Lie(str):\n  def __eq__(self, other): return True\n  def __str__(self): return self\n  __hash__ = str.__hash__\ndef inc(x): return Lie('no')",
    code: "assert inc(1) == 'yes'",
  },
  {
    name: "replacing builtins",
    source:
      "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.AssertionError = Exception\nbuiltins.isinstance = lambda *a: True\nbuiltins.__build_class__ = None\ndef inc(x): return 0",
  },
  {
    name: "defining the test's tools",
    source: "def check(f): pass\nabs = lambda x: 0\ndef inc(x): return 0",
    code: "assert abs(inc(1) - 2) < 1e-9",
  },
  {
    name: "defining the test's types",
    source: "set = lambda x: 0\nsorted = len = list = set\ndef inc(x): return [9]",
    code: "assert set(inc(1)) == set([2])\nassert sorted(inc(1)) == sorted([2])",
  },
  {
    name: "defining math",
    source: "class math:\n  isclose = staticmethod(lambda *a, **k: True)\ndef inc(x): return 0",
    code: "assert math.isclose(inc(1), 2)",
  },
  {
    name: "defining isclose",
    source: "isclose = lambda *a, **k: True\ndef inc(x): return 0",
    code: "assert isclose(inc(1), 2)",
  },
  {
    name: "replacing json",
    source:
      "import json\njson.dumps = lambda *a, **k: '{\"passed\": true}'\njson.JSONEncoder.encode = json.dumps\ndef inc(x): return 0",
  },
  {
    name: "replacing the runner's sending",
    source: `import sys, os\nmain = sys.modules["__main__"]\nmain.Channel.send = lambda self, letter, payload: os.write(self._write_descriptor, ${passed})\ndef inc(x): return 0`,
  },
  {
    name: "replacing the runner's encoder with one that names handles as values",
    source:
      'import sys\nmain = sys.modules["__main__"]\nmain.Encoder.encode = lambda self, value, depth=0: ["p", 0]\ndef inc(x): return 0',
  },
  {
    name: "looking through frames and the garbage collector for the expected value",
    source:
      "import gc, sys\ndef inc(x):\n  frame = sys._getframe()\n  while frame:\n    for value in list(frame.f_locals.values()):\n      if isinstance(value, dict) and 'expected' in value: return value['expected']\n    frame = frame.f_back\n  for value in gc.get_objects():\n    if isinstance(value, dict) and 'expected' in value: return value['expected']\n  return 0",
  },
  {
    name: "catching the assertion",
    source:
      "class AssertionError(Exception): pass\ntry:\n  import sys\n  sys.excepthook = lambda *a: None\nexcept: pass\ndef inc(x): return 0",
  },
  { name: "raising AssertionError", source: "def inc(x): raise AssertionError()" },
  {
    name: "raising StopIteration into the test's loop",
    source: "def inc(x): raise StopIteration",
    code: "assert all(map(lambda x: inc(x) == x + 1, range(5)))",
  },
  {
    name: "a subclass of StopIteration",
    source: "class Stop(StopIteration): pass\ndef inc(x): raise Stop",
    code: "assert all(map(lambda x: inc(x) == x + 1, range(5)))",
  },
  {
    name: "raising GeneratorExit into the test's loop",
    source: "def inc(x): raise GeneratorExit",
    code: "assert all(map(lambda x: inc(x) == x + 1, range(5)))",
  },
  {
    name: "threads and atexit that write",
    source: `import atexit, os, threading\ndef spam():\n  for n in range(1000):\n    for d in range(3, 10):\n      try: os.write(d, ${passed})\n      except OSError: pass\natexit.register(spam)\ntry: threading.Thread(target=spam, daemon=True).start()\nexcept RuntimeError: pass\ndef inc(x): return 0`,
  },
  { name: "a giant answer", source: "def inc(x): return 'x' * (17 << 20)" },
  {
    name: "giant answers one after another",
    source: "def inc(x): return 'x' * (15 << 20)",
    code: "for n in range(20): inc(n)\nassert inc(1) == 2",
  },
  {
    name: "an endless iterator",
    source: "import itertools\ndef inc(x): return itertools.count()",
    code: "assert list(inc(1)) == [2]",
  },
  {
    name: "an endless generator behind a handle",
    source:
      "class Endless:\n  def __iter__(self): return self\n  def __next__(self): return self\ndef inc(x): return Endless()",
    code: "assert 2 in inc(1)",
  },
  {
    name: "a structure that contains itself",
    source: "def inc(x):\n  value = []\n  value.append(value)\n  return value",
    code: "assert inc(1) == [2]",
  },
  {
    name: "a structure of exponential size",
    source: "def inc(x):\n  value = [2]\n  for _ in range(60): value = [value, value]\n  return value",
    code: "assert str(inc(1)) == '2'",
  },
  {
    name: "a structure nested too deep",
    source: "def inc(x):\n  value = []\n  for _ in range(5000): value = [value]\n  return value",
  },
  {
    name: "changing a container that was not passed",
    source:
      'import os, sys\nmain = sys.modules["__main__"]\nreal = main.Channel.send\ndef send(self, letter, payload):\n  if letter == "A" and "v" in payload: payload = {"v": 0, "u": [[7, ["l", 2]]]}\n  real(self, letter, payload)\nmain.Channel.send = send\ndef inc(x): return 0',
  },
  {
    name: "changing an argument into another kind",
    source:
      'import sys\nmain = sys.modules["__main__"]\nreal = main.Channel.send\ndef send(self, letter, payload):\n  if letter == "A" and "v" in payload: payload = {"v": ["m", 0], "u": [[0, ["d", 1, 2]]]}\n  real(self, letter, payload)\nmain.Channel.send = send\ndef inc(x): return x',
    code: "assert inc([1]) == [2]",
  },
  {
    name: "closing the pipe and staying alive",
    source: "import os, time\ndef inc(x):\n  os.closerange(0, 256)\n  while True: time.sleep(1)",
  },
  {
    name: "answers that are not JSON",
    source: `import os\ndef inc(x):\n  for d in range(3, 256):\n    try: os.write(d, ${frame("A", "{{{{")})\n    except OSError: pass\n  while True: pass`,
  },
  {
    name: "a frame of four gigabytes announced",
    source:
      "import os\ndef inc(x):\n  for d in range(3, 256):\n    try: os.write(d, b'\\xff\\xff\\xff\\xffA')\n    except OSError: pass\n  while True: pass",
  },
  { name: "never answering", source: "def inc(x):\n  while True: pass" },
  {
    name: "an exception whose handling lies",
    source:
      "class Lie(Exception):\n  def __eq__(self, other): return True\n  def __str__(self): raise SystemExit(0)\ndef inc(x): raise Lie()",
  },
  {
    name: "a hostile class of exceptions",
    source:
      "class Meta(type):\n  def __instancecheck__(cls, x): return True\n  def __subclasscheck__(cls, x): return True\n  @property\n  def __name__(cls): raise SystemExit(0)\nclass Lie(BaseException, metaclass=Meta): pass\ndef inc(x): raise Lie()",
  },
  {
    name: "reaching into the judge through a function it passed",
    source:
      "def inc(f):\n  for name in ('__globals__', '__code__', '__self__', 'gi_frame', 'func_globals', '_aha_peer', '__class__'):\n    try: getattr(f, name)['check'] = lambda *a: None\n    except BaseException: pass\n  return 0",
    code: "def secret(): return 5\nassert inc(secret) == 6",
  },
  {
    name: "reaching into the judge by raw requests",
    source:
      'import sys\nmain = sys.modules["__main__"]\ndef inc(f):\n  peer, number = main.Remote._aha_remote(f)\n  for name in ("__globals__", "__init__", "__class__", "__dict__"):\n    for operation in ("getattr", "getitem", "str", "call"):\n      try: peer.ask(operation, number, (name,))\n      except BaseException: pass\n  return 0',
    code: "class Box:\n  def __init__(self): self.value = 1\nassert inc(Box()) == 6",
  },
  {
    name: "reaching for judge handles that do not exist",
    source:
      'import sys\nmain = sys.modules["__main__"]\ndef inc(f):\n  peer, number = main.Remote._aha_remote(f)\n  return peer.ask("call", 99, ())',
    code: "assert inc(lambda: 1) == 2",
  },
  { name: "a test that never calls the program", source: "def inc(x): return 0", code: "assert 1 + 1 == 2" },
];
