/** The maths judge as a task of the worker pool. */
import { judgeMath } from "../math/judge-math.ts";
import type { MathOptions } from "../math/options.ts";

export interface JudgeMathTask {
  readonly prediction: string;
  readonly gold: string;
  readonly options: MathOptions;
}

export function run(task: JudgeMathTask): unknown {
  return judgeMath(task.prediction, task.gold, task.options);
}
