/** Connects the commands to the work; every import is lazy, so that only what a command needs is loaded. */
import type { Work } from "../contracts/work.ts";

export const work: Work = {
  async trainReinforcement(recipe, options) {
    const { trainReinforcement } = await import("../stages/reinforcement.ts");
    return trainReinforcement(recipe, options);
  },
  async superviseFineTuning(recipe, options) {
    const { superviseFineTuning } = await import("../stages/supervised-fine-tuning.ts");
    return superviseFineTuning(recipe, options);
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
  async pullModel(id, revision, onProgress) {
    const { pullModel } = await import("../hub/pull-model.ts");
    return pullModel(id, { revision, onProgress });
  },
  async convertModel(from, to, flags) {
    const { convertModel } = await import("../tools/convert-model.ts");
    return convertModel(from, to, flags);
  },
  async doctorReport() {
    const { doctorReport } = await import("../tools/doctor-report.ts");
    return doctorReport();
  },
  async listTasks() {
    const { listTasks } = await import("../tools/list-tasks.ts");
    return listTasks();
  },
  async showTask(request) {
    const { showTask } = await import("../tools/show-task.ts");
    return showTask(request);
  },
  async verifyPair(gold, prediction, request) {
    const { verifyPair } = await import("../tools/verify-rows.ts");
    return verifyPair(gold, prediction, request);
  },
  async *verifyRows(chunks, source, request) {
    const { verifyRows } = await import("../tools/verify-rows.ts");
    yield* verifyRows(chunks, source, request);
  },
  async *runTestRows(chunks, source, request) {
    const { runTestRows } = await import("../tools/run-test-rows.ts");
    yield* runTestRows(chunks, source, request);
  },
  async *decontaminate(request) {
    const { decontaminate } = await import("../tools/decontaminate.ts");
    yield* decontaminate(request);
  },
};
