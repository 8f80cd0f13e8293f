/** c10d's process groups: Gloo on the CPU, NCCL on CUDA where LibTorch has it, by torchrun's environment variables. */
import { type NativeProcessGroup, native } from "./native.ts";
import type { Tensor } from "./tensor.ts";
import { TorchError } from "./torch-error.ts";

/** How allReduce combines the ranks' elements. */
export type Reduction = "sum" | "mean" | "max" | "min" | "product";

/** Where the ranks meet, and who this process is among them. */
export interface ProcessGroupOptions {
  readonly backend?: "gloo" | "nccl";
  readonly host: string;
  readonly port: number;
  readonly rank: number;
  readonly worldSize: number;
  /** How long a collective may wait for the other ranks. */
  readonly timeoutMilliseconds?: number;
}

/** A group of processes that exchange tensors. All collectives block until done. */
export class ProcessGroup {
  readonly #group: NativeProcessGroup;

  /** Meets the other ranks at host:port, where rank 0 listens. Throws TorchError when they don't come in time. */
  constructor(options: ProcessGroupOptions) {
    if (native.processGroup === undefined) throw new TorchError("this LibTorch was built without c10d");
    this.#group = native.processGroup(
      options.backend ?? "gloo",
      options.host,
      options.port,
      options.rank,
      options.worldSize,
      options.timeoutMilliseconds ?? 600_000,
    );
  }

  /** This process's number, from 0. */
  get rank(): number {
    return native.groupRank(this.#group);
  }
  /** How many processes there are. */
  get size(): number {
    return native.groupSize(this.#group);
  }
  /** Replaces each tensor by the reduction over all ranks. */
  allReduce(tensors: readonly Tensor[], reduction: Reduction = "sum"): void {
    native.allReduce(
      this.#group,
      tensors.map((tensor) => tensor.handle),
      reduction,
    );
  }
  /** Replaces each tensor by the root's. */
  broadcast(tensors: readonly Tensor[], root = 0): void {
    native.broadcast(
      this.#group,
      tensors.map((tensor) => tensor.handle),
      root,
    );
  }
  /** Fills `outputs` (one a rank, shaped as `input`) with every rank's input. */
  allGather(outputs: readonly Tensor[], input: Tensor): void {
    native.allGather(
      this.#group,
      outputs.map((tensor) => tensor.handle),
      input.handle,
    );
  }
  /** Waits until every rank has come here. */
  barrier(): void {
    native.barrier(this.#group);
  }
  /** Leaves the group; using it afterwards throws TorchError. */
  destroy(): void {
    native.destroyProcessGroup(this.#group);
  }
}

/** Where torchrun (or Slurm, or Kubernetes' training operator) put this process; null outside of such a launch. */
export function launchEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): (Omit<ProcessGroupOptions, "backend"> & { readonly localRank: number }) | null {
  const { RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, LOCAL_RANK } = environment;
  if (RANK === undefined && WORLD_SIZE === undefined) return null;
  const missing = Object.entries({ RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT })
    .filter(([, value]) => value === undefined)
    .map(([name]) => name);
  if (missing.length > 0) throw new TorchError(`launched by rank, but ${missing.join(" and ")} not set`);
  return {
    host: MASTER_ADDR as string,
    port: Number(MASTER_PORT),
    rank: Number(RANK),
    worldSize: Number(WORLD_SIZE),
    localRank: Number(LOCAL_RANK ?? 0),
  };
}
