/** Threads, devices, versions and memory of the process. */
import { readFileSync } from "node:fs";
import { native } from "./native.ts";
import type { Integer } from "./types.ts";

/** LibTorch's version, such as 2.13.0. */
export function version(): string {
  return native.version();
}
/** LibTorch's own description of how it was built: BLAS, instruction sets, CUDA. */
export function buildInfo(): string {
  return native.buildInfo();
}
/** Threads used inside one operator. */
export function threads(): number {
  return native.threads();
}
/** Sets that number. Throws TorchError below 1. */
export function setThreads(count: number): void {
  native.setThreads(count);
}
/** Number of CUDA devices that LibTorch can use; 0 for a CPU build. */
export function cudaDevices(): number {
  return native.cudaDevices();
}
/** Asks LibTorch for deterministic kernels; operators that have none throw. */
export function setDeterministic(enabled: boolean): void {
  native.setDeterministic(enabled);
}
/** Waits for all work of the current CUDA device; nothing on the CPU. */
export function synchronize(): void {
  native.synchronize();
}
/** Seeds LibTorch's default generators. Explicit generators (`generator(seed)`) are the better way. */
export function manualSeed(seed: Integer): void {
  native.manualSeed(seed);
}

/** Highest resident memory of this process so far, in bytes (Linux; elsewhere the present one). */
export function peakResidentMemory(): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (match) return Number(match[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage().rss;
}
