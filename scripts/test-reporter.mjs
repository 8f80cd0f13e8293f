/** A reporter for node:test: one line a file, failures in full, the closing line with the counts. */
import { isAbsolute, relative, resolve } from "node:path";

/**
 * @typedef {object} Tally of one test file
 * @property {string} file
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} skipped the reasons
 * @property {string[]} failures
 * @property {number} milliseconds
 */

/**
 * @typedef {object} TestData what node:test says with an event, as far as it is used here
 * @property {string} name
 * @property {string} [file]
 * @property {number} [nesting]
 * @property {string | boolean} [skip]
 * @property {string} [message]
 * @property {{ duration_ms?: number, type?: string, error?: { cause?: unknown, failureType?: string } }} [details]
 */

/**
 * Counts of checks made before the tests come in AHA_CHECKS as "passed,failed", so that one line tells all.
 * @param {AsyncIterable<{ type: string, data: TestData }>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function* report(source) {
  let [passed = 0, failed = 0] = (process.env.AHA_CHECKS ?? "0,0").split(",").map(Number);
  let skipped = 0;
  /** @type {Tally | undefined} */
  let tally;
  // What the file under test has printed, shown where the file as a whole fails.
  /** @type {{ file?: string | undefined, text: string }} */
  let output = { text: "" };
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") {
      if (process.env.AHA_TEST_OUTPUT) yield data.message ?? "";
      else output = { file: data.file, text: (output.file === data.file ? output.text : "") + data.message };
      continue;
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    const file = relative(process.cwd(), data.file ?? data.name);
    if (tally?.file !== file) {
      if (tally) yield formatTally(tally);
      tally = { file, passed: 0, failed: 0, skipped: [], failures: [], milliseconds: 0 };
    }
    const before = tally.passed + tally.failed + tally.skipped.length;
    count(tally, type === "test:fail", data);
    if (type === "test:fail" && isWholeFile(data)) tally.failures.push(output.text.trim().slice(-4000));
    if (tally.passed + tally.failed + tally.skipped.length === before) continue;
    if (type === "test:fail") failed++;
    else if (isSkipped(data)) skipped++;
    else passed++;
  }
  if (tally) yield formatTally(tally);
  yield `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`;
}

/**
 * @param {Tally} tally
 * @param {boolean} isFailure
 * @param {TestData} data
 */
function count(tally, isFailure, data) {
  if (data.nesting === 0) tally.milliseconds += data.details?.duration_ms ?? 0;
  // A suite passes and fails with its tests; a file without tests is reported as a test with the file's name.
  const onlyGroup = data.details?.type === "suite" || (!isFailure && isWholeFile(data));
  const cause = data.details?.error?.cause;
  const failedBySubtests = isFailure && data.details?.error?.failureType === "subtestsFailed";
  if (onlyGroup || failedBySubtests) return;
  if (isFailure) {
    tally.failed++;
    tally.failures.push(`${data.name}\n${describe(cause ?? data.details?.error)}`);
  } else if (isSkipped(data)) {
    tally.skipped.push(`${data.name}${typeof data.skip === "string" ? `: ${data.skip}` : ""}`);
  } else {
    tally.passed++;
  }
}

/** @param {TestData} data */
function isWholeFile(data) {
  return data.file === undefined ? isAbsolute(data.name) : resolve(data.name) === data.file;
}

/** @param {TestData} data */
function isSkipped(data) {
  return data.skip !== undefined && data.skip !== false;
}

/** @param {unknown} error */
function describe(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const own = text.split("\n").filter((line) => !/^\s+at .*(node:|node_modules)/.test(line));
  return own.map((line) => `    ${line}`).join("\n");
}

/** @param {Tally} tally */
function formatTally({ file, passed, failed, skipped, failures, milliseconds }) {
  const mark = failed > 0 ? "✗" : "✓";
  const counts = [`${passed} passed`, ...(failed ? [`${failed} failed`] : [])];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  const lines = [`${mark} ${file}  ${counts.join(", ")}  ${(milliseconds / 1000).toFixed(1)} s`];
  lines.push(...skipped.map((reason) => `  – ${reason}`), ...failures.map((failure) => `  ✗ ${failure}`));
  return `${lines.join("\n")}\n`;
}
