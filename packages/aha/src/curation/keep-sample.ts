/** Whether a sample is fit to be learned from: complete, right, in its form, readable; then rewritten. Every no has a reason. */
import { checkFormat, checkReadability, languageConsistency } from "@aha/verify";
import type { CurationRecipe } from "../recipe/curation-schema.ts";
import { thoughtOf } from "../tasks/language-reward.ts";
import type { JudgedAnswer } from "../tasks/rewriter.ts";
import type { Question } from "../tasks/task.ts";
import type { JudgedSample } from "./samples-file.ts";

export type KeptSample = { readonly completion: string } | { readonly dropped: string };

/** Called with a model's verdict, for the record. */
export type OnVerdict = (question: Question, completion: string, verdict: JudgedAnswer) => void;

/** The rules come first and the endpoints last, so that nothing is asked for what a rule already drops. */
export async function keepSample(
  question: Question,
  sample: JudgedSample,
  recipe: CurationRecipe,
  onVerdict: OnVerdict,
): Promise<KeptSample> {
  const completion = sample.text;
  if (sample.finish === "length") return { dropped: "truncated" };
  const undecided = sample.value === null || sample.outcome === "unparsed";
  const right = isRight(sample.value, sample.outcome);
  if (!right && !(undecided && recipe.judge !== undefined)) return { dropped: sample.outcome ?? "wrong" };
  const { format } = recipe.keep;
  if (format !== "any" && !checkFormat(completion, { form: format }).ok) return { dropped: "malformed" };
  const unreadable = await firstUnreadable(question, completion, recipe);
  if (unreadable !== null) return { dropped: unreadable };
  if (!right && recipe.judge !== undefined) {
    const verdict = await recipe.judge.judge({ question, completion });
    onVerdict(question, completion, verdict);
    if (verdict.correct !== true) {
      return { dropped: verdict.correct === null ? "judge-undecided" : "judged-wrong" };
    }
  }
  if (recipe.rewriter === undefined) return { completion };
  const rewritten = await recipe.rewriter.rewrite({ question, completion });
  if ("dropped" in rewritten || recipe.recheck === undefined) return rewritten;
  const again = await recipe.recheck.judge({ question, completion: rewritten.completion, truncated: false });
  return isRight(again.value, again.outcome ?? null) ? rewritten : { dropped: "rewritten-wrong" };
}

/** A verifier's outcome decides; a plain reward is right at 1. */
function isRight(value: number | null, outcome: string | null): boolean {
  return outcome === null ? (value ?? 0) >= 1 : outcome === "correct";
}

async function firstUnreadable(
  question: Question,
  completion: string,
  { keep }: CurationRecipe,
): Promise<string | null> {
  const thought = thoughtOf(completion) ?? completion;
  const { language } = question.columns;
  if (typeof language === "string") {
    const { ratio, words } = await languageConsistency(thought, language);
    if (words > 0 && ratio < keep.languageShare) return "mixed-language";
  }
  const { languageShare, paragraphWords, codeBlocks, repeatedRuns, compressionRatio } = keep;
  const limits = { languageShare, paragraphWords, codeBlocks, repeatedRuns, compressionRatio };
  const { problems } = await checkReadability(thought, {
    limits,
    ...(typeof language === "string" ? { language } : {}),
  });
  return problems[0]?.rule ?? null;
}
