/**
 * A pool of warm worker processes in which every task has a deadline that holds however its work loops.
 *
 * Processes, not threads: measured on Node 20, a `worker_threads` worker with `resourceLimits` that pushes
 * numbers onto an array without end takes the whole host down (V8's fatal out-of-memory is process-wide), so
 * piscina and tinypool cannot promise what is needed here; workerpool's processes can, but it sends one message
 * a task, which costs more than most tasks. Here a worker holds a run of tasks and answers them in order, so the
 * first unanswered one is the one that runs: it alone is blamed for a deadline or a crash, the rest go back to
 * the head of the queue.
 */
import { availableParallelism } from "node:os";
import { PoolClosedError, PoolFullError } from "./pool-errors.ts";
import type { PoolAnswer, WorkerPoolOptions } from "./worker-pool-options.ts";
import { WorkerProcess } from "./worker-process.ts";
import type { Answer } from "./worker-protocol.ts";

interface Job<Result> {
  readonly json: string;
  readonly deadlineMilliseconds: number;
  readonly resolve: (answer: PoolAnswer<Result>) => void;
  crashes: number;
}

interface Slot<Result> {
  readonly process: WorkerProcess;
  readonly jobs: Job<Result>[];
  ready: boolean;
  answered: number;
  timer: NodeJS.Timeout | null;
  /** Set with the kill: the task whose deadline passed; a start that took too long; a worker that served enough. */
  killedFor: Job<Result> | "start" | "age" | null;
}

const residentAllowanceMegabytes = 192;
const startAttempts = 3;
/** A frame of tasks is cut here, so that large tasks spread over the workers. */
const frameCharacters = 1_000_000;

export class WorkerPool<Task, Result> {
  readonly #options: Required<WorkerPoolOptions>;
  #queue: Job<Result>[] = [];
  #head = 0;
  readonly #slots = new Set<Slot<Result>>();
  #failedStarts = 0;
  #closing: Promise<void> | null = null;

  constructor(options: WorkerPoolOptions) {
    this.#options = {
      size: availableParallelism(),
      deadlineMilliseconds: 5_000,
      startMilliseconds: 60_000,
      heapMegabytes: 256,
      batch: 32,
      maximumQueue: 100_000,
      tasksPerWorker: 50_000,
      ...options,
    };
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** Process ids of the workers that run now. */
  get processIds(): number[] {
    return [...this.#slots].flatMap(({ process }) => process.processId ?? []);
  }

  /**
   * Runs one task; resolves with how it ended and never rejects for what the task does.
   * @throws {PoolFullError} when `maximumQueue` tasks wait already
   * @throws {PoolClosedError} after `close()`
   */
  async run(
    task: Task,
    deadlineMilliseconds = this.#options.deadlineMilliseconds,
  ): Promise<PoolAnswer<Result>> {
    if (this.#closing) throw new PoolClosedError();
    if (this.waiting >= this.#options.maximumQueue) throw new PoolFullError(this.#options.maximumQueue);
    return new Promise((resolve) => {
      this.#queue.push({ json: JSON.stringify(task), deadlineMilliseconds, resolve, crashes: 0 });
      this.#schedule();
    });
  }

  /** Runs many tasks; takes them from the iterable only as workers get to them. Answers in the tasks' order. */
  async runAll(
    tasks: Iterable<Task>,
    options: {
      deadlineMilliseconds?: number;
      onAnswer?: (answer: PoolAnswer<Result>, index: number) => void;
    } = {},
  ): Promise<PoolAnswer<Result>[]> {
    const answers: PoolAnswer<Result>[] = [];
    const lanes = this.#options.size * this.#options.batch * 2;
    let next = 0;
    const iterator = tasks[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      for (let item = iterator.next(); !item.done; item = iterator.next()) {
        const index = next++;
        const answer = await this.run(item.value, options.deadlineMilliseconds);
        answers[index] = answer;
        options.onAnswer?.(answer, index);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return answers;
  }

  /** Ends every worker; tasks that run or wait are answered with an error. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const check = (): void => {
        if (this.#slots.size === 0) resolve();
        else setTimeout(check, 5);
      };
      const open = [
        ...[...this.#slots].flatMap(({ jobs }) => jobs.splice(0)),
        ...this.#queue.slice(this.#head),
      ];
      this.#queue = [];
      this.#head = 0;
      for (const job of open) job.resolve({ status: "error", reason: "the pool was closed" });
      for (const slot of this.#slots) {
        slot.process.hold(true);
        slot.process.kill();
      }
      check();
    });
    return this.#closing;
  }

  #scheduled = false;

  /** Once a turn, so that a burst of tasks goes out in few messages. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    if (this.#closing) return;
    const free = [...this.#slots].filter((slot) => slot.jobs.length === 0 && slot.killedFor === null).length;
    const missing = Math.min(this.#options.size - this.#slots.size, this.waiting - free);
    for (let count = 0; count < missing; count++) this.#start();
    const ready = [...this.#slots].filter((slot) => slot.ready && slot.killedFor === null);
    for (const slot of ready.sort((a, b) => a.jobs.length - b.jobs.length)) this.#fill(slot, ready.length);
  }

  /** Tops a worker up once it is half empty, so that it never waits for the host between two tasks. */
  #fill(slot: Slot<Result>, workers: number): void {
    const { batch, tasksPerWorker } = this.#options;
    const left = tasksPerWorker - slot.answered - slot.jobs.length;
    const share = Math.max(1, Math.ceil(this.waiting / workers));
    const room = Math.min(batch - slot.jobs.length, share, left);
    if (this.waiting === 0 || room <= 0 || slot.jobs.length * 2 > batch) return;
    const idle = slot.jobs.length === 0;
    const tasks: string[] = [];
    for (let characters = 0; tasks.length < room && characters < frameCharacters; ) {
      const job = this.#queue[this.#head++];
      if (!job) throw new Error("Expected a waiting task; the queue is empty: a fault of the pool");
      slot.jobs.push(job);
      tasks.push(job.json);
      characters += job.json.length;
      if (this.waiting === 0) break;
    }
    this.#compact();
    slot.process.hold(true);
    slot.process.send(tasks);
    if (idle) this.#startClock(slot);
  }

  /** Drops the served head of the queue, in steps that keep the whole linear. */
  #compact(): void {
    if (this.#head < 1_000 || this.#head * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  #start(): void {
    const { module, heapMegabytes, startMilliseconds } = this.#options;
    const residentMegabytes = heapMegabytes + residentAllowanceMegabytes;
    const process = new WorkerProcess(
      { module: module.href, heapMegabytes, residentMegabytes },
      { answer: (answer) => this.#answered(slot, answer), gone: (reason) => this.#gone(slot, reason) },
    );
    const slot: Slot<Result> = { process, jobs: [], ready: false, answered: 0, timer: null, killedFor: null };
    this.#slots.add(slot);
    slot.timer = setTimeout(() => {
      slot.killedFor = "start";
      process.kill();
    }, startMilliseconds);
  }

  /**
   * The clock of the task that now runs first. When it runs out, answers that already lie in the pipe are read
   * before anything is killed: a host whose event loop was blocked must not blame its workers for that.
   */
  #startClock(slot: Slot<Result>): void {
    if (slot.timer) clearTimeout(slot.timer);
    slot.timer = null;
    const job = slot.jobs[0];
    if (!job) return;
    slot.timer = setTimeout(() => {
      setImmediate(() =>
        setImmediate(() => {
          if (slot.jobs[0] !== job || slot.killedFor !== null) return;
          slot.killedFor = job;
          slot.process.kill();
        }),
      );
    }, job.deadlineMilliseconds);
  }

  #answered(slot: Slot<Result>, answer: Answer): void {
    if ("ready" in answer) {
      slot.ready = true;
      this.#failedStarts = 0;
      if (slot.timer) clearTimeout(slot.timer);
      slot.timer = null;
      slot.process.hold(false);
      this.#schedule();
      return;
    }
    const job = slot.jobs.shift();
    slot.answered++;
    if ("value" in answer) job?.resolve({ status: "done", value: answer.value as Result });
    else job?.resolve({ status: "error", reason: answer.thrown });
    if (slot.killedFor === null) this.#startClock(slot);
    if (slot.jobs.length === 0) this.#rest(slot);
    if (this.waiting > 0) this.#schedule();
  }

  #rest(slot: Slot<Result>): void {
    if (slot.answered < this.#options.tasksPerWorker) {
      slot.process.hold(false);
    } else {
      slot.killedFor = "age";
      slot.process.kill();
    }
  }

  #gone(slot: Slot<Result>, reason: string): void {
    if (!this.#slots.delete(slot)) return;
    if (slot.timer) clearTimeout(slot.timer);
    if (!slot.ready)
      this.#startFailed(slot.killedFor === "start" ? "it did not become ready in time" : reason);
    const first = slot.jobs[0];
    if (slot.killedFor !== null) {
      // Killed for one task; where that one was answered at the last moment, nobody is to blame.
      if (first && first === slot.killedFor) {
        slot.jobs.shift();
        first.resolve({ status: "timeout", deadlineMilliseconds: first.deadlineMilliseconds });
      }
    } else if (first) {
      // A first crash may be what earlier tasks left behind in the worker; a second, in a fresh one, is the task's.
      const fresh = slot.answered === 0;
      first.crashes++;
      if (fresh || first.crashes > 1) {
        slot.jobs.shift();
        first.resolve({ status: "error", reason });
      }
    }
    this.#queue = [...slot.jobs, ...this.#queue.slice(this.#head)];
    this.#head = 0;
    this.#schedule();
  }

  /** A module that cannot be loaded would otherwise be started for ever. */
  #startFailed(reason: string): void {
    if (++this.#failedStarts < startAttempts || this.#closing) return;
    const waiting = this.#queue.splice(this.#head);
    this.#failedStarts = 0;
    for (const job of waiting) {
      job.resolve({ status: "error", reason: `no worker starts (${startAttempts} attempts): ${reason}` });
    }
  }
}
