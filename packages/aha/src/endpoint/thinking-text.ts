/** Thinking and answer as one text, and the answer without the thinking. */

/** `<think>…</think>` and the answer; an answer without thinking stands alone. Cut-off thinking is left open. */
export function joinThinking(thinking: string | null, answer: string): string {
  if (thinking === null || thinking === "") return answer;
  // Where only thinking came, the answer was never begun.
  return answer === "" ? `<think>\n${thinking}` : `<think>\n${thinking}\n</think>\n\n${answer}`;
}

/** What a judge reads: the text behind the last `</think>`; empty where the thinking never ended. */
export function withoutThinking(text: string): string {
  const closed = text.lastIndexOf("</think>");
  const opened = text.lastIndexOf("<think>");
  if (opened > closed) return "";
  return (closed < 0 ? text : text.slice(closed + "</think>".length)).trim();
}
