/** Connects the commands to the work; every import is lazy, so that only what a command needs is loaded. */
import type { Work } from "./commands/contracts.ts";

/** Raised by a command whose work is not part of this build. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
  constructor(command: string) {
    super(`aha ${command} is not connected in this build`);
  }
}

export const work: Work = {
  trainReinforcement: async () => {
    throw new NotConnectedError("train");
  },
  pretrain: async () => {
    throw new NotConnectedError("pretrain");
  },
  generateCompletions: async () => {
    throw new NotConnectedError("generate");
  },
  scoreLines: () => {
    throw new NotConnectedError("score");
  },
  evaluateModel: async () => {
    throw new NotConnectedError("evaluate");
  },
  doctorReport: async () => {
    throw new NotConnectedError("doctor");
  },
};
