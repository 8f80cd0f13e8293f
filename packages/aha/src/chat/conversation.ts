/** A conversation as it is typed: turns, and what can be done to the last ones. */

export interface Turn {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
  /** Kept for reading; it is not sent again. */
  readonly reasoning?: string;
}

/** Immutable: every change gives another one. */
export class Conversation {
  readonly turns: readonly Turn[];

  constructor(turns: readonly Turn[] = []) {
    this.turns = turns;
  }

  /** What the model is sent. */
  get messages(): readonly Pick<Turn, "role" | "content">[] {
    return this.turns.map(({ role, content }) => ({ role, content }));
  }
  /** The last thing the user said; null before the first. */
  get lastQuestion(): string | null {
    return this.turns.findLast(({ role }) => role === "user")?.content ?? null;
  }

  /** With another instruction in front; an empty one removes it. */
  withSystem(content: string): Conversation {
    const others = this.turns.filter(({ role }) => role !== "system");
    return new Conversation(content === "" ? others : [{ role: "system", content }, ...others]);
  }
  ask(content: string): Conversation {
    return new Conversation([...this.turns, { role: "user", content }]);
  }
  answer(content: string, reasoning: string): Conversation {
    const turn: Turn = { role: "assistant", content, ...(reasoning === "" ? {} : { reasoning }) };
    return new Conversation([...this.turns, turn]);
  }
  /** Without the last question and what was answered to it. */
  withoutLastQuestion(): Conversation {
    const place = this.turns.findLastIndex(({ role }) => role === "user");
    return place < 0 ? this : new Conversation(this.turns.slice(0, place));
  }
  /** Only the instruction stays. */
  cleared(): Conversation {
    return new Conversation(this.turns.filter(({ role }) => role === "system"));
  }
}
