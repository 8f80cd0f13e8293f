/** Process groups: two processes over Gloo on this machine, and torchrun's environment variables. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launchEnvironment, ProcessGroup, TorchError } from "../src/index.ts";

const worker = fileURLToPath(new URL("./parallel-worker.ts", import.meta.url));
const execute = promisify(execFile);

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function startRank(rank: number, port: number): Promise<{ stdout: string }> {
  const env = {
    ...process.env,
    RANK: `${rank}`,
    WORLD_SIZE: "2",
    MASTER_ADDR: "127.0.0.1",
    MASTER_PORT: `${port}`,
  };
  return execute(process.execPath, ["--import", "tsx", worker], { env, timeout: 90_000 });
}

test("two ranks: allReduce, broadcast, allGather, barrier", { timeout: 120_000 }, async () => {
  const port = await freePort();
  const finished = await Promise.all([startRank(0, port), startRank(1, port)]);
  const results = finished.map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>);
  results.forEach((result, rank) => {
    assert.deepEqual(result, {
      rank,
      size: 2,
      sum: [3, 30],
      mean: [1.5],
      greatest: [2],
      half: [3],
      shared: [2, 2],
      gathered: [
        [1, -1],
        [2, -2],
      ],
    });
  });
});

test("a group that never gathers gives up in time", { timeout: 60_000 }, async () => {
  const port = await freePort();
  assert.throws(
    () => new ProcessGroup({ host: "127.0.0.1", port, rank: 0, worldSize: 2, timeoutMilliseconds: 500 }),
    TorchError,
  );
});

test("a single rank needs no one", async () => {
  const group = new ProcessGroup({ host: "127.0.0.1", port: await freePort(), rank: 0, worldSize: 1 });
  assert.deepEqual([group.rank, group.size], [0, 1]);
  group.barrier();
  group.destroy();
  assert.throws(() => group.barrier(), /was destroyed/);
});

test("an unknown backend", async () => {
  const port = await freePort();
  const options = { host: "127.0.0.1", port, rank: 0, worldSize: 1, backend: "mpi" as "gloo" };
  assert.throws(() => new ProcessGroup(options), /process group 'mpi': expected gloo/);
});

test("torchrun's variables", () => {
  assert.equal(launchEnvironment({}), null);
  const variables = {
    RANK: "3",
    WORLD_SIZE: "8",
    LOCAL_RANK: "1",
    MASTER_ADDR: "node0",
    MASTER_PORT: "29500",
  };
  assert.deepEqual(launchEnvironment(variables), {
    host: "node0",
    port: 29500,
    rank: 3,
    worldSize: 8,
    localRank: 1,
  });
  assert.throws(
    () => launchEnvironment({ RANK: "0", WORLD_SIZE: "2" }),
    /MASTER_ADDR and MASTER_PORT not set/,
  );
});
