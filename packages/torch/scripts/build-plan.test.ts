/** The build's key: it changes with everything that goes into the addon, and with nothing else. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ownIncludes, planBuild } from "./build-plan.mjs";
import type { Compiler } from "./find-compiler.mjs";
import type { FoundLibtorch } from "./find-libtorch.mjs";
import { SetupError } from "./setup-error.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "native-"));
  mkdirSync(join(folder, "kernels"));
  writeFileSync(join(folder, "addon.cc"), '#include "handles.h"\n#include <torch/torch.h>\n');
  writeFileSync(join(folder, "handles.h"), "#pragma once\n");
  writeFileSync(join(folder, "kernels/rotary.cc"), '#include "simd.h"\n');
  writeFileSync(join(folder, "kernels/simd.h"), '  #  include "../handles.h"\n');
  writeFileSync(join(folder, "kernels/other.cc"), "\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

const compiler: Compiler = { command: "g++", words: ["g++"], kind: "gcc", major: 12, version: "g++ 12.2.0" };
const libtorch: FoundLibtorch = {
  source: "LIBTORCH",
  home: "/somewhere/torch",
  version: "2.13.0",
  build: "2.13.0+cpu",
  includeFolders: ["/somewhere/torch/include"],
  libraryFolder: "/somewhere/torch/lib",
  cuda: false,
  cxx11Abi: 1,
  openmp: null,
};
const plan = (change: { compiler?: Partial<Compiler>; libtorch?: Partial<FoundLibtorch> } = {}) =>
  planBuild({ ...compiler, ...change.compiler }, { ...libtorch, ...change.libtorch }, folder);

describe("planBuild", () => {
  it("gives the same key for the same inputs, another for another LibTorch or compiler", () => {
    assert.equal(plan().key, plan().key);
    const others = [
      plan({ libtorch: { build: "2.12.0", version: "2.12.0" } }),
      plan({ libtorch: { home: "/elsewhere/torch" } }),
      plan({ libtorch: { cuda: true } }),
      plan({ libtorch: { cxx11Abi: 0 } }),
      plan({ compiler: { version: "g++ 13.1.0" } }),
    ].map(({ key }) => key);
    assert.equal(new Set([plan().key, ...others]).size, 6);
  });

  it("recompiles only what includes a changed file, through other headers too", () => {
    const before = new Map(plan().units.map(({ source, object }) => [source, object]));
    const changed = () => plan().units.filter(({ source, object }) => before.get(source) !== object);
    writeFileSync(join(folder, "kernels/other.cc"), "// edited\n");
    assert.deepEqual(
      changed().map(({ source }) => source),
      [join(folder, "kernels/other.cc")],
    );
    writeFileSync(join(folder, "kernels/other.cc"), "\n");
    assert.deepEqual(changed(), []);
    writeFileSync(join(folder, "handles.h"), "// edited\n");
    const names = ["addon.cc", "kernels/rotary.cc"].map((name) => join(folder, name));
    assert.deepEqual(
      changed()
        .map(({ source }) => source)
        .sort(),
      names,
    );
  });

  it("links CUDA's libraries only where LibTorch has them", () => {
    assert.ok(!plan().linkFlags.includes("-ltorch_cuda"));
    assert.ok(plan({ libtorch: { cuda: true } }).linkFlags.includes("-ltorch_cuda"));
  });

  it("refuses a folder without sources", () => {
    assert.throws(() => planBuild(compiler, libtorch, join(folder, "none")), SetupError);
  });
});

describe("ownIncludes", () => {
  it("survives headers that include each other", () => {
    writeFileSync(join(folder, "handles.h"), '#include "kernels/simd.h"\n');
    const found = ownIncludes(join(folder, "addon.cc"), folder);
    assert.deepEqual([...found].sort(), [join(folder, "handles.h"), join(folder, "kernels/simd.h")]);
  });
});
