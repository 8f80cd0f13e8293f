/** Connects the commands to the work; every import is lazy, so that only what a command needs is loaded. */
import type { Work } from "../contracts/work.ts";

export const work: Work = {
  async trainReinforcement(recipe, options) {
    const { trainReinforcement } = await import("../stages/reinforcement.ts");
    return trainReinforcement(recipe, options);
  },
  async pretrain(recipe, options) {
    const { pretrain } = await import("../stages/pretrain.ts");
    return pretrain(recipe, options);
  },
  async generateCompletions(request) {
    const { generateCompletions } = await import("../tools/generate-completions.ts");
    return generateCompletions(request);
  },
  async *scoreLines(request, lines) {
    const { scoreLines } = await import("../tools/score-lines.ts");
    yield* scoreLines(request, lines);
  },
  async evaluateModel(request) {
    const { evaluateModel } = await import("../tools/evaluate-model.ts");
    return evaluateModel(request);
  },
  async doctorReport() {
    const { doctorReport } = await import("../tools/doctor-report.ts");
    return doctorReport();
  },
};
