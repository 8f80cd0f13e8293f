/** The smaller steps of set-up: compilers, pip's failures, the lock between processes. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findCompiler, parseCompilerVersion } from "./find-compiler.mjs";
import { explainPip } from "./install-libtorch.mjs";
import { withLock } from "./lock.mjs";
import { buildFolder } from "./places.mjs";
import { SetupError } from "./setup-error.mjs";

const freeSoftware = "\nCopyright (C) 2022 Free Software Foundation, Inc.";

describe("findCompiler", () => {
  it("reads what compilers say of themselves", () => {
    const cases = [
      [`g++ (Debian 12.2.0-14+deb12u1) 12.2.0${freeSoftware}`, "gcc", 12],
      [`g++-11 (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0${freeSoftware}`, "gcc", 11],
      [`c++ (GCC) 14.2.1 20240912 (Red Hat 14.2.1-3)${freeSoftware}`, "gcc", 14],
      ["Ubuntu clang version 14.0.0-1ubuntu1.1", "clang", 14],
      ["Apple clang version 15.0.0 (clang-1500.3.9.4)", "apple-clang", 15],
    ] as const;
    for (const [text, kind, major] of cases) {
      const parsed = parseCompilerVersion(text);
      assert.deepEqual([parsed?.kind, parsed?.major], [kind, major], text);
    }
    assert.equal(parseCompilerVersion("tcc version 0.9.27"), undefined);
  });

  it("refuses one that is too old or absent, naming it and the way out", () => {
    const folder = mkdtempSync(join(tmpdir(), "compiler-"));
    try {
      const old = join(folder, "g++-9");
      writeFileSync(old, "#!/bin/sh\necho 'g++ (GCC) 9.4.0'\necho 'Copyright Free Software Foundation'\n");
      chmodSync(old, 0o755);
      assert.throws(() => findCompiler({ CXX: old }), /too old: .*9\.4\.0.*\n.*apt-get install/s);
      assert.throws(
        () => findCompiler({ CXX: join(folder, "none") }),
        /CXX names ".*none".*\n.*apt-get install/s,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("explainPip", () => {
  it("tells a full disk, no network and a missing wheel apart", () => {
    const cases = [
      [
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        /disk filled up/,
      ],
      [
        "NewConnectionError: Temporary failure in name resolution\nERROR: No matching distribution found",
        /reach/,
      ],
      ["ERROR: No matching distribution found for torch==2.13.0", /indexes have no/],
      ["ERROR: something else", /something else/],
    ] as const;
    for (const [output, expected] of cases) {
      const error = explainPip(output);
      assert.ok(error instanceof SetupError);
      assert.match(error.problem, expected);
      assert.ok(error.remedies.some((remedy) => remedy.includes("npm run setup")));
    }
  });
});

describe("withLock", () => {
  it("lets one in at a time and leaves nothing behind, also after a failure", async () => {
    let inside = 0;
    const work = async () => {
      assert.equal(++inside, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([withLock("test-a", work), withLock("test-a", work), withLock("test-a", work)]);
    await assert.rejects(
      withLock("test-a", () => Promise.reject(new Error("broken"))),
      /broken/,
    );
    assert.equal(existsSync(join(buildFolder, "test-a.lock")), false);
  });

  it("takes over from a process that died, and gives up on one that lives", async () => {
    const folder = join(buildFolder, "test-b.lock");
    const hold = (owner: number) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "process"), String(owner));
    };
    hold(2 ** 22 + 1); // above Linux's largest process number
    assert.equal(await withLock("test-b", async () => "done"), "done");
    hold(process.pid);
    await assert.rejects(
      withLock("test-b", async () => "done", { waitMinutes: 0 }),
      SetupError,
    );
    rmSync(folder, { recursive: true });
  });
});
