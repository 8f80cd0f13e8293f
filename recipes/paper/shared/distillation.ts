/** What all six distillations share (R1 §4, B.4); the learning rate is each student's own. */
import { curated, PRICE, supervised } from "./settings.ts";

export const distillation = {
  ...supervised,
  stage: "sft",
  data: "data/r1/curated.jsonl", // the same 800K as R1's own second fine-tuning
  batch: 64, // R1, B.4
  cost: { pricePerDeviceHour: PRICE, expect: { ...curated } },
} as const;
