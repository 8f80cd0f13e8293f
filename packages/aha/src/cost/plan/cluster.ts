/** A cluster as the command line names it: `64x8xH800`, `8xH100`, `RTX4090`, or `this` machine. */
import { nearestKey } from "../../recipe/nearest-key.ts";
import { type Accelerator, accelerators, findAccelerator } from "./devices.ts";

export interface Cluster {
  readonly device: Accelerator;
  readonly nodes: number;
  readonly perNode: number;
  readonly devices: number;
}

/** A cluster that cannot be, or is not known. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}

/** Nodes × devices a node × device; one number alone counts devices of one node, or of nodes of eight. */
export function parseCluster(text: string): Cluster {
  const match = /^\s*(?:(\d+)\s*[x×*]\s*)?(?:(\d+)\s*[x×*]\s*)?([A-Za-z][\w .-]*?)\s*$/.exec(text);
  if (match === null) {
    throw new ClusterError(
      `cannot read the cluster "${text}"; expected nodes x devices x name, such as 64x8xH800, or "this"`,
    );
  }
  const [, first, second, name = ""] = match;
  const device = findAccelerator(name);
  if (device === undefined) {
    const known = accelerators.map((one) => one.name);
    const near = nearestKey(name, known);
    const hint = near === undefined ? "" : ` Did you mean ${near}?`;
    throw new ClusterError(
      `no device is called "${name}".${hint} Known: ${known.join(", ")}, and "this" for this machine`,
    );
  }
  const count = Number(first ?? 1);
  const shape: readonly [number, number] =
    second === undefined
      ? count <= device.perNode
        ? [1, count]
        : [count / device.perNode, device.perNode]
      : [count, Number(second)];
  const [nodes, perNode] = shape;
  if (nodes < 1 || perNode < 1 || !Number.isInteger(nodes)) {
    throw new ClusterError(
      `"${text}": ${count} devices do not fill whole nodes of ${device.perNode}; name nodes and devices, such as 3x${device.perNode}x${device.name}`,
    );
  }
  return { device, nodes, perNode, devices: nodes * perNode };
}

export const clusterText = ({ nodes, perNode, device }: Cluster): string =>
  `${nodes}x${perNode}x${device.name}`;
