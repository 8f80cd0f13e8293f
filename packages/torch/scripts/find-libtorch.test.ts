/** Finding LibTorch: what is accepted, in which order, and what is said about the rest. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findLibtorch } from "./find-libtorch.mjs";
import { inspectLibtorch, isAtLeast } from "./inspect-libtorch.mjs";
import { SetupError } from "./setup-error.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "libtorch-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text = ""): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Lays out what set-up looks at, as a release of this version would have it. */
function makeLibtorch(
  home: string,
  version: string,
  { header = "torch/headeronly/version.h", symbol = "" } = {},
) {
  const [major, minor, patch] = version.split(".");
  const numbers = Object.entries({ MAJOR: major, MINOR: minor, PATCH: patch });
  write(
    join(home, "include", header),
    numbers.map(([part, n]) => `#define TORCH_VERSION_${part} ${n}\n`).join(""),
  );
  const ending = process.platform === "darwin" ? "dylib" : "so";
  for (const name of ["torch", "torch_cpu", "c10"]) write(join(home, `lib/lib${name}.${ending}`), symbol);
  return home;
}

const nowhere = () => ({ systemPrefixes: [], carrier: join(folder, "none") });

describe("inspectLibtorch", () => {
  it("reads version, ABI and the OpenMP runtime that comes along", () => {
    const home = makeLibtorch(join(folder, "a"), "2.13.0", { symbol: "torchCheckFailEPKcS2_jRKNSt7__cxx11" });
    write(join(home, "version.py"), "__version__ = '2.13.0+cpu'\ncuda = None\n");
    write(join(home, "lib/libgomp-a34b3233.so.1"));
    const result = inspectLibtorch(home);
    assert.ok("libtorch" in result);
    const { version, build, cuda, cxx11Abi, openmp } = result.libtorch;
    assert.deepEqual(
      { version, build, cuda, cxx11Abi },
      { version: "2.13.0", build: "2.13.0+cpu", cuda: false, cxx11Abi: 1 },
    );
    assert.match(openmp ?? "", /libgomp-a34b3233/);
  });

  it("tells the old ABI from the new one, and CUDA by its library", () => {
    const home = makeLibtorch(join(folder, "a"), "2.6.0", { symbol: "xx_torchCheckFailEPKcS2_jRKSs_yy" });
    write(join(home, `lib/libtorch_cuda.${process.platform === "darwin" ? "dylib" : "so"}`));
    const result = inspectLibtorch(home);
    assert.ok("libtorch" in result);
    assert.equal(result.libtorch.cxx11Abi, 0);
    assert.equal(result.libtorch.cuda, true);
  });

  it("says what is missing", () => {
    const result = inspectLibtorch(join(folder, "empty"));
    assert.ok("missing" in result);
    assert.match(result.missing, /no LibTorch headers/);
    const home = makeLibtorch(join(folder, "a"), "2.13.0");
    rmSync(join(home, "lib"), { recursive: true });
    const headersOnly = inspectLibtorch(home);
    assert.ok("missing" in headersOnly);
    assert.match(headersOnly.missing, /no libtorch/);
  });
});

describe("findLibtorch", () => {
  it("takes LIBTORCH before everything else, a virtual environment too", () => {
    const home = makeLibtorch(join(folder, "asked"), "2.7.1");
    const { libtorch } = findLibtorch({ environment: { LIBTORCH: home }, ...nowhere() });
    assert.equal(libtorch?.source, "LIBTORCH");
    assert.equal(libtorch?.version, "2.7.1");
    write(join(folder, "venv/pyvenv.cfg"));
    makeLibtorch(join(folder, "venv/lib/python3.11/site-packages/torch"), "2.8.0");
    const inside = findLibtorch({ environment: { LIBTORCH: join(folder, "venv") }, ...nowhere() });
    assert.equal(inside.libtorch?.version, "2.8.0");
  });

  it("stops when LIBTORCH names something unusable, and says how to mend it", () => {
    const old = makeLibtorch(join(folder, "old"), "1.13.1");
    for (const [LIBTORCH, reason] of [
      [old, /version 1\.13\.1; 2\.6\.0 or later/],
      [join(folder, "nothing"), /no LibTorch headers/],
    ] as const) {
      assert.throws(
        () => findLibtorch({ environment: { LIBTORCH } }),
        (error) => error instanceof SetupError && reason.test(error.problem) && error.remedies.length > 0,
      );
    }
  });

  it("passes over what is too old, with a note, and comes to the project's own", () => {
    const old = makeLibtorch(join(folder, "usr"), "1.13.1", {
      header: "torch/csrc/api/include/torch/version.h",
    });
    const carrier = join(folder, ".libtorch");
    makeLibtorch(join(carrier, "lib/python3.12/site-packages/torch"), "2.13.0");
    // A PATH without Python: the active one of this machine must not decide the test.
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      const { libtorch, notes } = findLibtorch({ environment: {}, systemPrefixes: [old], carrier });
      assert.equal(libtorch?.source, "project's own");
      assert.ok(notes.some((note) => /system package: .*1\.13\.1, older than 2\.6\.0/.test(note)));
      assert.equal(findLibtorch({ environment: {}, ...nowhere() }).libtorch, null);
    } finally {
      process.env.PATH = path;
    }
  });
});

describe("isAtLeast", () => {
  it("compares by number, not by letter", () => {
    assert.equal(isAtLeast("2.13.0", "2.6.0"), true);
    assert.equal(isAtLeast("2.6.0", "2.6.0"), true);
    assert.equal(isAtLeast("2.5.9", "2.6.0"), false);
    assert.equal(isAtLeast("1.13.1", "2.6.0"), false);
  });
});
