/** What this machine's processor can compute natively. */
import { readFileSync } from "node:fs";

/** True where the flags of /proc/cpuinfo name bfloat16 instructions (x86: AVX-512 or AMX; Arm: bf16). */
export function processorHasBfloat16(flagsFile = "/proc/cpuinfo"): boolean {
  try {
    return /\b(avx512_bf16|amx_bf16|bf16)\b/.test(readFileSync(flagsFile, "utf8"));
  } catch {
    return false; // not Linux: nothing is known
  }
}
