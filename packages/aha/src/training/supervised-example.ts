/** Makes an example's token ids, marking what is learnt: the assistant's tokens alone. */
import type { LanguageModellingExample, SupervisedExample } from "../data/examples.ts";
import type { ChatMessage } from "../folder/chat-template.ts";
import type { Tokenizer } from "../folder/tokenizer.ts";
import type { LabelledSequence } from "./labelled-sequence.ts";

export type TrainingExample = SupervisedExample | LanguageModellingExample;

/**
 * One example as the sequences it teaches. Prompts are encoded by themselves, as in sampling, so that what is learnt is
 * what the model will be asked. `endTokenId` closes a plain completion or text; a chat template closes its own turns.
 *
 * A conversation whose template keeps earlier turns as they were is one sequence with all of the assistant's turns
 * marked; where it changes them (DeepSeek and Qwen3 strip earlier thinking), every assistant's turn becomes a sequence
 * of its own, in the form in which it was once generated.
 */
export function tokenizeExample(
  example: TrainingExample,
  tokenizer: Tokenizer,
  endTokenId: number,
): LabelledSequence[] {
  const encode = (text: string): number[] => tokenizer.encode(text, { addSpecialTokens: false });
  if (example.kind === "language-modelling") {
    if (typeof example.content !== "string") return conversation(example.content, tokenizer, example.tools);
    return [{ tokenIds: [...encode(example.content), endTokenId], counted: null }];
  }
  const { prompt, completion } = example;
  if (typeof prompt === "string" && typeof completion === "string") {
    return [
      marked([
        [encode(prompt), false],
        [[...encode(completion), endTokenId], true],
      ]),
    ];
  }
  const turns = [...(prompt as readonly ChatMessage[]), ...(completion as readonly ChatMessage[])];
  return conversation(turns, tokenizer, example.tools, (prompt as readonly ChatMessage[]).length);
}

type Part = readonly [tokenIds: readonly number[], counted: boolean];

function marked(parts: readonly Part[]): LabelledSequence {
  return {
    tokenIds: parts.flatMap(([tokenIds]) => tokenIds),
    counted: parts.flatMap(([tokenIds, counted]) => tokenIds.map(() => counted)),
  };
}

/** Marks the assistant's turns from index `from` on. */
function conversation(
  turns: readonly ChatMessage[],
  tokenizer: Tokenizer,
  tools: SupervisedExample["tools"],
  from = 0,
): LabelledSequence[] {
  const toolsOption = tools === null ? {} : { tools };
  const encode = (text: string): number[] => tokenizer.encode(text, { addSpecialTokens: false });
  const sequences: LabelledSequence[] = [];
  let parts: Part[] = [];
  let rendered = "";
  turns.forEach((turn, index) => {
    if (turn.role !== "assistant" || index < from) return;
    const before = turns.slice(0, index);
    const prompt = tokenizer.applyChatTemplate(before, { addGenerationPrompt: true, ...toolsOption });
    const whole = tokenizer.applyChatTemplate(turns.slice(0, index + 1), toolsOption);
    const shared = sharedStart(prompt, whole);
    if (!prompt.startsWith(rendered) && parts.length > 0) {
      sequences.push(marked(parts));
      [parts, rendered] = [[], ""];
    }
    parts.push([encode(prompt.slice(rendered.length, shared)), false], [encode(whole.slice(shared)), true]);
    rendered = whole;
  });
  if (parts.length > 0) sequences.push(marked(parts));
  return sequences;
}

/** Where the answer begins: the prompt's end, or earlier where the template rewrites the prompt's last characters. */
function sharedStart(prompt: string, whole: string): number {
  if (whole.startsWith(prompt)) return prompt.length;
  let shared = 0;
  while (shared < prompt.length && prompt[shared] === whole[shared]) shared++;
  return shared;
}
