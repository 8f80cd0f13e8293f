/** `aha doctor`: what of the set-up was found, what is missing, and the command that mends it. */
import { Command } from "commander";
import type { Finding, Work } from "../../contracts/work.ts";

export function doctorCommand(work: Work): Command {
  return new Command("doctor")
    .description("Show what of the set-up was found, and how to mend what was not")
    .option("--json", "print the findings as JSON")
    .action(async (flags: { readonly json?: boolean }) => {
      const findings = await work.doctorReport();
      process.stdout.write(flags.json === true ? `${JSON.stringify(findings)}\n` : formatFindings(findings));
      if (findings.some(({ status }) => status === "missing")) process.exitCode = 1;
    });
}

const marks = { ok: "ok     ", warning: "warning", missing: "MISSING", failed: "FAILED " } as const;

/** One line a finding, its remedy below it. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  return findings
    .map(({ name, status, detail, remedy }) => {
      const line = `${marks[status]}  ${name.padEnd(width)}  ${detail}\n`;
      return remedy === undefined ? line : `${line}${" ".repeat(width + 11)}→ ${remedy}\n`;
    })
    .join("");
}
