/** Which questions a step asks: every epoch a new shuffle, by arithmetic alone, so that there is no cursor to lose. */
import { deriveSeed, shuffled } from "../rollout/seeds.ts";
import type { Question } from "../tasks/task.ts";

/** The questions of a step counted from 0. A step may straddle two epochs; no question comes twice before all came once. */
export function questionsOfStep(
  questions: readonly Question[],
  step: number,
  perStep: number,
  runSeed: number,
): Question[] {
  if (questions.length === 0) throw new RangeError("the task has no training questions");
  const orders = new Map<number, Question[]>();
  return Array.from({ length: perStep }, (_, index) => {
    const place = step * perStep + index;
    const epoch = Math.floor(place / questions.length);
    let order = orders.get(epoch);
    if (order === undefined) {
      order = shuffled(questions, deriveSeed(runSeed, "epoch", epoch));
      orders.set(epoch, order);
    }
    return order[place % questions.length] as Question;
  });
}
