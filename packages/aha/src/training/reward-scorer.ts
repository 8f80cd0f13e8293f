/**
 * Judges completions by all rewards of a task, each verdict within its deadline; what goes wrong in a judge is an outcome,
 * never a silent 0.
 */
import type { Completion, Group, ScoredCompletion, ScoredGroup } from "../rollout/records.ts";
import type { Judgement, Question, Reward, RewardInput } from "../tasks/task.ts";
import { afterTurns, type Deadline } from "./deadline.ts";
import { Slots } from "./slots.ts";

/** No verdict may hold a step up for longer than this, unless its reward says so. */
const JUDGE_DEADLINE_SECONDS = 60;

/** A completion that waits for its batch. */
interface Waiting {
  readonly input: RewardInput;
  readonly settle: (judgement: Judgement) => void;
}

interface Bench {
  readonly reward: Reward;
  /** For rewards that judge many at once. */
  readonly waiting: Waiting[];
  readonly slots: Slots;
  verdicts: number;
  seconds: number;
}

/** Judges for as long as it is kept: bounds on concurrency hold over everything it is given. */
export class RewardScorer {
  readonly #benches: readonly Bench[];
  readonly #gathering: boolean;

  /** `gathering`: rewards that judge many at once get their completions together, whenever `flush` is called. */
  constructor(rewards: readonly Reward[], gathering = false) {
    this.#gathering = gathering;
    this.#benches = rewards.map((reward) => ({
      reward,
      waiting: [],
      slots: new Slots(reward.concurrency ?? Number.POSITIVE_INFINITY),
      verdicts: 0,
      seconds: 0,
    }));
  }

  /**
   * One completion's reward, Σ weight · value over the rewards that apply, with its breakdown. Where the scorer gathers, rewards
   * that judge many at once wait for `flush`.
   */
  async score(question: Question, completion: Completion): Promise<ScoredCompletion> {
    const input: RewardInput = {
      question,
      completion: completion.text,
      truncated: completion.finish === "length",
    };
    const judgements = await Promise.all(
      this.#benches.map((bench) =>
        this.#gathering && bench.reward.judgeAll !== undefined ? wait(bench, input) : judge(bench, input),
      ),
    );
    let total = 0;
    const breakdown: Record<string, Judgement> = {};
    this.#benches.forEach(({ reward }, index) => {
      const judgement = judgements[index] as Judgement;
      breakdown[reward.name] = judgement;
      total += reward.weight * (judgement.value ?? 0);
    });
    return { completion, reward: total, breakdown };
  }

  /** No more completions will come for now: those that wait are judged. */
  flush(): void {
    for (const bench of this.#benches) void judgeBatch(bench);
  }

  /** All completions of a group, with which what waits is judged. */
  async scoreGroup({ question, promptTokenIds, completions }: Group): Promise<ScoredGroup> {
    const verdicts = completions.map((completion) => this.score(question, completion));
    this.flush();
    const scored = await Promise.all(verdicts);
    return { question, promptTokenIds, completions: scored };
  }

  /** Mean seconds from a judge's call to its verdict, as `rewards/<name>/seconds`. */
  metrics(): Record<string, number> {
    return Object.fromEntries(
      this.#benches.map(({ reward, verdicts, seconds }) => [
        `rewards/${reward.name}/seconds`,
        seconds / Math.max(1, verdicts),
      ]),
    );
  }
}

function wait({ waiting }: Bench, input: RewardInput): Promise<Judgement> {
  return new Promise((settle) => {
    waiting.push({ input, settle });
  });
}

/** Never rejects: what goes wrong is every waiting completion's outcome. */
async function judgeBatch(bench: Bench): Promise<void> {
  const { reward } = bench;
  const batch = bench.waiting.splice(0);
  if (batch.length === 0) return;
  const started = performance.now();
  // The order in which completions ended depends on the machine; rounding must not depend on it.
  const ordered = batch.toSorted((a, b) => keyOf(a.input).localeCompare(keyOf(b.input), "en"));
  let judgements: readonly unknown[];
  try {
    judgements = (await reward.judgeAll?.(ordered.map(({ input }) => input))) ?? [];
    if (judgements.length !== batch.length) {
      throw new RangeError(
        `reward "${reward.name}" gave ${judgements.length} verdicts on ${batch.length} completions`,
      );
    }
  } catch (error) {
    judgements = ordered.map(() => failure(error));
  }
  bench.verdicts += batch.length;
  bench.seconds += (performance.now() - started) / 1000;
  ordered.forEach(({ settle }, index) => {
    settle(checked(reward, judgements[index]));
  });
}

const keyOf = ({ question, completion }: RewardInput): string => `${question.id}\0${completion}`;

/** Waits for a free place first: the deadline is the judge's own. */
async function judge(bench: Bench, input: RewardInput): Promise<Judgement> {
  const { reward, slots } = bench;
  const free = slots.take();
  if (free !== null) await free;
  const started = performance.now();
  try {
    return await judgeInTime(reward, input);
  } finally {
    slots.leave();
    bench.verdicts += 1;
    bench.seconds += (performance.now() - started) / 1000;
  }
}

async function judgeInTime(reward: Reward, input: RewardInput): Promise<Judgement> {
  let deadline: Deadline | undefined;
  try {
    const judged = reward.judge(input);
    if (!(judged instanceof Promise)) return checked(reward, judged);
    const seconds = reward.deadlineSeconds ?? JUDGE_DEADLINE_SECONDS;
    deadline = afterTurns(seconds);
    const late = deadline.passed.then(
      (): Judgement => ({ value: 0, outcome: "timeout", detail: `no verdict within ${seconds} s` }),
    );
    return checked(reward, await Promise.race([judged, late]));
  } catch (error) {
    return failure(error);
  } finally {
    deadline?.cancel();
  }
}

function failure(error: unknown): Judgement {
  const detail = error instanceof Error ? error.message : String(error);
  return { value: 0, outcome: "error", detail };
}

/** Rewards are written by users, also in JavaScript: what is no judgement must not become a number by accident. */
function checked(reward: Reward, judgement: unknown): Judgement {
  const value: unknown =
    typeof judgement === "object" && judgement !== null && "value" in judgement ? judgement.value : undefined;
  if (value === null || (typeof value === "number" && Number.isFinite(value))) return judgement as Judgement;
  return failure(
    new RangeError(`reward "${reward.name}" gave ${String(value)}; expected a finite number or null`),
  );
}
