/** Turns what a recipe's author wrote into a checked recipe with every default filled in. */
import { z } from "zod";
import { nearestKey } from "./nearest-key.ts";
import { type PretrainRecipe, type PretrainRecipeInput, pretrainSchema } from "./pretrain-schema.ts";
import { RecipeError, type RecipeProblem } from "./recipe-error.ts";
import {
  type ReinforcementRecipe,
  type ReinforcementRecipeInput,
  reinforcementSchema,
} from "./reinforcement-schema.ts";
import {
  type RewardModelRecipe,
  type RewardModelRecipeInput,
  rewardModelSchema,
} from "./reward-model-schema.ts";
import { type SupervisedRecipe, type SupervisedRecipeInput, supervisedSchema } from "./supervised-schema.ts";

export type RecipeInput =
  | ReinforcementRecipeInput
  | PretrainRecipeInput
  | SupervisedRecipeInput
  | RewardModelRecipeInput;
export type Recipe = ReinforcementRecipe | PretrainRecipe | SupervisedRecipe | RewardModelRecipe;

/** The schema of each stage, by the value of `stage`. */
export const recipeSchemas = {
  rl: reinforcementSchema,
  pretrain: pretrainSchema,
  sft: supervisedSchema,
  "reward-model": rewardModelSchema,
} as const;

export type StageName = keyof typeof recipeSchemas;

function isStage(value: unknown): value is StageName {
  return typeof value === "string" && Object.hasOwn(recipeSchemas, value);
}

/**
 * Checks a recipe and fills in its defaults; the result is itself a valid input, and stays equal when
 * checked again.
 *
 * @throws {RecipeError} naming every faulty key by its path
 */
export function defineRecipe(input: ReinforcementRecipeInput): ReinforcementRecipe;
export function defineRecipe(input: PretrainRecipeInput): PretrainRecipe;
export function defineRecipe(input: SupervisedRecipeInput): SupervisedRecipe;
export function defineRecipe(input: RewardModelRecipeInput): RewardModelRecipe;
export function defineRecipe(input: RecipeInput): Recipe {
  return parseRecipe(input);
}

/** As `defineRecipe`, for values of unknown type; `source` names the file in errors. */
export function parseRecipe(input: unknown, source = "recipe"): Recipe {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    const came = input === null ? "null" : Array.isArray(input) ? "an array" : typeof input;
    throw new RecipeError([{ path: "", message: `expected an object of fields, got ${came}` }], source);
  }
  const stage: unknown = "stage" in input ? input.stage : undefined;
  if (!isStage(stage)) {
    const came = stage === undefined ? "nothing" : JSON.stringify(stage);
    const message = `expected "rl", "sft", "reward-model" or "pretrain", got ${came}`;
    throw new RecipeError([{ path: "stage", message }], source);
  }
  const schema = recipeSchemas[stage];
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw new RecipeError(problemsOf(result.error, schema), source);
}

type Issue = z.core.$ZodIssue;

/** What a schema found wrong, in words for the recipe's author. */
export function problemsOf(error: z.ZodError, schema: z.ZodType): RecipeProblem[] {
  return error.issues.flatMap((issue) => describeIssue(issue, schema));
}

function describeIssue(issue: Issue, schema: z.ZodType): RecipeProblem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key].join("."),
      message: unknownKeyMessage(key, path.join("."), known),
    }));
  }
  if (issue.code === "custom") {
    const absent = issue.input === undefined ? "missing; " : "";
    return [{ path: path.join("."), message: `${absent}${issue.message}` }];
  }
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  const message = missing ? `missing; expected ${issue.expected}` : plainMessage(issue);
  return [{ path: path.join("."), message }];
}

function plainMessage(issue: Issue): string {
  const text = issue.message.replace(/^(Invalid input|Invalid option|Too small|Too big): /, "");
  const came = typeof issue.input === "object" ? "" : `, got ${JSON.stringify(issue.input)}`;
  return /\breceived\b/.test(text) ? text.replace(/, received.*$/, came) : `${text}${came}`;
}

/** Says that a key is unknown, and which one was probably meant. */
export function unknownKeyMessage(key: string, section: string, known: readonly string[]): string {
  const near = nearestKey(key, known);
  const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
  return `unknown key "${key}"${section === "" ? "" : ` in ${section}`}; ${hint}`;
}

/** The keys an object of the schema may have at a path; empty where the schema does not say. */
export function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let current: unknown = schema;
  for (const key of path) {
    const object = unwrap(current);
    if (object === undefined) return [];
    current = object.shape[key];
  }
  return Object.keys(unwrap(current)?.shape ?? {}).filter((key) => key !== "$schema");
}

/** The object schema inside defaults and the like; undefined for leaves. */
export function unwrap(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap());
  }
  return undefined;
}
