/** The watchdog's thread: speaks up when a phase outlives its deadline, even while the main thread is blocked. */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const { shared, names, abort } = workerData;
const numbers = new Float64Array(shared, 16, 3); // [deadline, since, step]
const signal = new Int32Array(shared, 0, 4); // [unused, version, stopped, length of the name]
const nameBytes = new Uint8Array(names);
let reported = -1;

while (Atomics.load(signal, 2) === 0) {
  const version = Atomics.load(signal, 1);
  const [deadline = 0, since = 0, step = 0] = numbers;
  const now = Date.now() / 1000;
  if (deadline > 0 && now > deadline && version !== reported && version === Atomics.load(signal, 1)) {
    reported = version;
    const phase = new TextDecoder().decode(nameBytes.slice(0, Atomics.load(signal, 3)));
    const seconds = Math.round(now - since);
    const allowed = Math.round(deadline - since);
    writeSync(
      2,
      `\naha: step ${step}, phase "${phase}" has run for ${seconds} s, past its deadline of ${allowed} s.` +
        ` It may hang${abort ? "; stopping. Go on with --resume." : "; Ctrl-C twice stops it, --resume goes on."}\n`,
    );
    if (abort) process.kill(process.pid, "SIGKILL");
  }
  Atomics.wait(signal, 2, 0, 500);
}
