/** A task whose rewards even an untrained model earns now and then, so that every step of a tiny run learns something. */
import type { Task } from "../../src/tasks/task.ts";

const questions = (split: string, count: number, first: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `${split}-${index}`,
    prompt: `User: Make ${first + index}`,
    columns: { target: first + index },
  }));

/** Accuracy asks for a 1 anywhere in the completion, format for an even number of characters. */
export const probeTask: Task = {
  name: "probe",
  train: questions("train", 10, 10),
  heldOut: questions("held-out", 8, 40),
  rewards: [
    {
      name: "accuracy",
      weight: 1,
      judge: ({ completion }) =>
        completion.includes("1") ? { value: 1, outcome: "correct" } : { value: 0, outcome: "wrong" },
    },
    { name: "format", weight: 0.5, judge: ({ completion }) => ({ value: 1 - (completion.length % 2) }) },
  ],
};
