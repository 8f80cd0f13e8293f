/** Resolves the tasks, corpora and tokenizers that JSON recipes can only name. */
import type { JsonValue, Task } from "../tasks/task.ts";
import { isTaskSource, type TaskSource } from "../tasks/task-source.ts";
import { nearestKey } from "./nearest-key.ts";
import { RecipeError } from "./recipe-error.ts";

/** A value asked for by name, with the options its factory takes: `{ name: "countdown", numbers: 3 }`. */
export interface Reference {
  readonly name: string;
  readonly [option: string]: JsonValue;
}

/** Text to pretrain on: an endless or finite stream of documents, the same for the same seed. */
export interface Corpus {
  readonly name: string;
  documents(seed: number): Iterable<string>;
}

/** Makes a tokenizer's files, such as `tokenizer.json` and `tokenizer_config.json`, by file name. */
export interface TokenizerBuilder {
  readonly name: string;
  build(): Readonly<Record<string, JsonValue>>;
}

/** Factories by name; each gets the reference's options without the name. */
export type Registry<Value> = ReadonlyMap<string, (options: Readonly<Record<string, JsonValue>>) => Value>;

/** True for a task given as a value, false for one that is only named. */
export function isTask(value: unknown): value is Task {
  return isNamed(value) && Array.isArray(value.rewards) && Array.isArray(value.train);
}

/** True for a corpus given as a value. */
export function isCorpus(value: unknown): value is Corpus {
  return isNamed(value) && typeof value.documents === "function";
}

/** True for a tokenizer builder given as a value. */
export function isTokenizerBuilder(value: unknown): value is TokenizerBuilder {
  return isNamed(value) && typeof value.build === "function";
}

/** True for `{ name, ...options }`. */
export function isReference(value: unknown): value is Reference {
  return (
    isNamed(value) && !isTask(value) && !isTaskSource(value) && !isCorpus(value) && !isTokenizerBuilder(value)
  );
}

function isNamed(value: unknown): value is Record<string, unknown> & { readonly name: string } {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}

/**
 * Calls the factory that a reference names. `path` says where in the recipe it stands, for the error.
 *
 * @throws {RecipeError} when no factory has that name, with the nearest that exists
 */
export function resolveReference<Value>(
  reference: Reference,
  registry: Registry<Value>,
  path: string,
): Value {
  const { name, ...options } = reference;
  const factory = registry.get(name);
  if (factory !== undefined) return withPath(path, () => factory(options));
  const known = [...registry.keys()];
  const near = nearestKey(name, known);
  const hint = near === undefined ? "" : ` did you mean "${near}"?`;
  const list = known.length === 0 ? "none is registered" : `known: ${known.join(", ")}`;
  throw new RecipeError([{ path: `${path}.name`, message: `nothing is called "${name}";${hint} ${list}` }]);
}

/** Factories name their options by themselves; the recipe's author needs to know where they stand. */
function withPath<Value>(path: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    const problems = error.problems.map(({ path: option, message }) => ({
      path: `${path}.${option}`,
      message,
    }));
    throw new RecipeError(problems, "recipe", { cause: error });
  }
}

/** The recipe's task itself, or its source: as given, or made by the factory that it names. */
export function resolveTask<Named extends Task | TaskSource>(
  task: Task | TaskSource | Reference,
  registry: Registry<Named>,
): Task | TaskSource | Named {
  return isTask(task) || isTaskSource(task) ? task : resolveReference(task, registry, "task");
}

/** The recipe's task with its questions, read where they lie in files. */
export async function loadTask(
  task: Task | TaskSource | Reference,
  registry: Registry<Task | TaskSource>,
): Promise<Task> {
  const found = resolveTask(task, registry);
  return isTaskSource(found) ? found.load() : found;
}

/** The recipe's corpus itself: as given, or made by the factory that it names. */
export function resolveCorpus(corpus: Corpus | Reference, registry: Registry<Corpus>): Corpus {
  return isCorpus(corpus) ? corpus : resolveReference(corpus, registry, "corpus");
}
