/** bwrap's command line: what must be in it whatever the command. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bubblewrapArguments, countsBySandbox } from "./bubblewrap-arguments.ts";
import { completeLimits } from "./limits.ts";
import { SandboxError } from "./sandbox-error.ts";

const command = (files: Record<string, string>) =>
  ({ runtime: "shell", parameters: ["/bin/true", "; rm -rf"], files, limits: completeLimits() }) as const;

test("nothing of the host can be written, and nothing but /usr and the loader's cache is seen", () => {
  const parameters = bubblewrapArguments(command({}));
  assert.ok(!parameters.includes("--bind") && !parameters.includes("--share-net"));
  for (const needed of [
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--new-session",
    "--clearenv",
    "--seccomp",
  ])
    assert.ok(parameters.includes(needed), needed);
  const shown = parameters.flatMap((word, at) =>
    word === "--ro-bind" ? [parameters[at + 1] as string] : [],
  );
  for (const path of shown)
    assert.match(path, /^\/(usr|lib\w*|s?bin|nix\/store|etc\/(ld\.so\.cache|alternatives))$/);
  // The root's own file system becomes read-only last, after every mount point has been made in it.
  assert.ok(parameters.lastIndexOf("--remount-ro") > parameters.lastIndexOf("--tmpfs"));
});

test("a program's words stay words", () => {
  const parameters = bubblewrapArguments(command({}));
  assert.deepEqual(parameters.slice(-2), ["/bin/true", "; rm -rf"]);
  assert.doesNotMatch(parameters.at(parameters.indexOf("-c") + 1) ?? "", /rm -rf/);
});

test("files stay in the working folder", () => {
  for (const path of ["../x", "/etc/x", "a/../../x", "a//b", ".", "", "a/./b", "x\0y"])
    assert.throws(() => bubblewrapArguments(command({ [path]: "" })), SandboxError, JSON.stringify(path));
  assert.ok(bubblewrapArguments(command({ "a/b.txt": "" })).includes("/tmp/work/a/b.txt"));
});

test("the kernel's count of processes is by sandbox since 5.14", () => {
  for (const release of ["5.14.0-1-amd64", "6.1.0", "6.18.44-x", "10.2"])
    assert.equal(countsBySandbox(release), true);
  for (const release of ["5.10.0-21-amd64", "4.18.0", "5.4.0-150-generic", ""])
    assert.equal(countsBySandbox(release), false);
});
