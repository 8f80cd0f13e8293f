/** What follows a run while it goes: phases with heartbeat and watchdog, the progress display, and Ctrl-C. */
import { type Interrupt, onInterrupt } from "../run/interrupt.ts";
import { Phases } from "../run/phases.ts";
import { Progress } from "../run/progress.ts";
import type { RunDirectory } from "../run/run-directory.ts";
import { startWatchdog } from "../run/watchdog.ts";

export interface RunMonitor {
  readonly phases: Phases;
  readonly progress: Progress;
  readonly interrupt: Interrupt;
  /** Ends the display and stops watching and listening. */
  close(): Promise<void>;
}

/** Begins to follow a run of so many steps; the display goes to standard error, or nowhere. */
export function openMonitor(directory: RunDirectory, totalSteps: number, quiet = false): RunMonitor {
  const stream = quiet ? { write: () => {} } : process.stderr;
  const progress = new Progress({ total: totalSteps, stream });
  const interrupt = onInterrupt(
    (message) => progress.say(message),
    () => process.kill(process.pid, "SIGKILL"),
  );
  const watchdog = startWatchdog();
  const heartbeat = directory.heartbeat();
  const phases = new Phases({
    onChange: (beat) => {
      heartbeat(beat);
      watchdog.observe(beat);
    },
  });
  const close = async (): Promise<void> => {
    progress.end();
    interrupt.dispose();
    await watchdog.stop();
  };
  return { phases, progress, interrupt, close };
}
