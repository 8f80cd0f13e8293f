/** Accelerators by name: what their makers state, as far as a plan needs it. */

export interface Accelerator {
  readonly name: string;
  /** Dense FLOP/s of matrix products, without sparsity. */
  readonly bf16: number;
  /** Null where there are no FP8 units. */
  readonly fp8: number | null;
  /** Memory bandwidth, bytes/s. */
  readonly bandwidth: number;
  /** Bytes of memory. */
  readonly memory: number;
  /** To the others of its node, bytes/s in one direction. */
  readonly link: number;
  /** To other nodes, bytes/s a device in one direction; an assumption where the maker leaves it to the buyer. */
  readonly network: number;
  /** Devices of one node. */
  readonly perNode: number;
  /** US dollars an hour: about what it is rented for; an assumption but for the H800 (DeepSeek-R1, table 7). */
  readonly price: number;
}

const T = 1e12;
const G = 1e9;

type Row = readonly [
  name: string,
  bf16: number,
  fp8: number | null,
  bandwidth: number,
  gigabytes: number,
  link: number,
  network: number,
  price: number,
];

// Teraflops, terabytes/s, gigabytes, gigabytes/s, gigabytes/s, dollars. NVIDIA's and AMD's data sheets, dense figures.
const rows: readonly Row[] = [
  ["B200", 2250, 4500, 8, 180, 900, 50, 5],
  ["H200", 989, 1979, 4.8, 141, 450, 50, 3.2],
  ["H100", 989, 1979, 3.35, 80, 450, 50, 2.5],
  // The H100 with fewer links; 160 GB/s is what DeepEP states of it.
  ["H800", 989, 1979, 3.35, 80, 160, 50, 2],
  ["H20", 148, 296, 4, 96, 450, 50, 1.5],
  ["MI300X", 1307, 2614, 5.3, 192, 448, 50, 2.5],
  ["A100", 312, null, 2.039, 80, 300, 25, 1.5],
  ["A100-40GB", 312, null, 1.555, 40, 300, 25, 1.2],
  ["A800", 312, null, 2.039, 80, 200, 25, 1.2],
  ["L40S", 362, 733, 0.864, 48, 25, 12.5, 1],
  ["L4", 121, 242, 0.3, 24, 25, 6, 0.7],
  ["A10G", 70, null, 0.6, 24, 12, 6, 1],
  ["V100", 125, null, 0.9, 32, 150, 12.5, 0.8],
  ["RTX-5090", 209, 419, 1.79, 32, 50, 3, 0.7],
  ["RTX-4090", 165, 330, 1.008, 24, 25, 3, 0.4],
  ["RTX-3090", 71, null, 0.936, 24, 12, 3, 0.25],
];

export const accelerators: readonly Accelerator[] = rows.map(
  ([name, bf16, fp8, bandwidth, gigabytes, link, network, price]) => ({
    name,
    bf16: bf16 * T,
    fp8: fp8 === null ? null : fp8 * T,
    bandwidth: bandwidth * T,
    memory: gigabytes * G,
    link: link * G,
    network: network * G,
    perNode: 8,
    price,
  }),
);

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** By name, whatever its case and dashes (`rtx4090`, `RTX 4090`); undefined where the table does not have it. */
export function findAccelerator(name: string): Accelerator | undefined {
  return accelerators.find((device) => plain(device.name) === plain(name));
}
