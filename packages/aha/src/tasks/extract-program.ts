/** Finds the program in a completion: the last fenced code block of the language, by linear scans. */
import type { ProgramLanguage } from "@aha/verify";

/** What stands behind the opening fence, by language; an empty tag serves for any. */
const tags: Readonly<Record<ProgramLanguage, readonly string[]>> = {
  python: ["python", "py", "python3"],
  javascript: ["javascript", "js", "node"],
  typescript: ["typescript", "ts"],
  cpp: ["cpp", "c++", "cxx", "cc"],
};

interface Block {
  readonly tag: string;
  readonly code: string;
}

/**
 * The last block tagged with the language, else the last without a tag; null where there is none. A block that is
 * never closed does not count: it was cut off.
 */
export function extractProgram(text: string, language: ProgramLanguage): string | null {
  const blocks = fencedBlocks(text);
  const tagged = blocks.filter(({ tag }) => tags[language].includes(tag)).at(-1);
  return (tagged ?? blocks.filter(({ tag }) => tag === "").at(-1))?.code ?? null;
}

function fencedBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { tag: string; lines: string[] } | null = null;
  for (const line of text.split("\n")) {
    const fence = line.trimStart();
    if (!fence.startsWith("```")) open?.lines.push(line);
    else if (open === null) open = { tag: fence.slice(3).trim().toLowerCase(), lines: [] };
    else if (fence.trimEnd() === "```") {
      blocks.push({ tag: open.tag, code: open.lines.join("\n") });
      open = null;
    } else open = { tag: fence.slice(3).trim().toLowerCase(), lines: [] };
  }
  return blocks;
}

/** A program as a completion shows it. */
export const inFence = (code: string, language: ProgramLanguage): string =>
  `\`\`\`${fenceTag(language)}\n${code}\n\`\`\``;

/** The fence's tag that a prompt asks for. */
export const fenceTag = (language: ProgramLanguage): string => tags[language][0] ?? language;
