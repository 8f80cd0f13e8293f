/** Reads server-sent events. */

/** The `data` of each event, as the HTML standard separates them; comments and other fields are passed over. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let held = "";
  let data: string[] = [];
  for await (const chunk of body) {
    held += decoder.decode(chunk, { stream: true });
    const lines = held.split(/\r\n|\n|\r(?!$)/);
    held = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
  }
  // Some servers leave out the last empty line.
  if (held.startsWith("data:")) data.push(held.slice(5).replace(/^ /, ""));
  if (data.length > 0) yield data.join("\n");
}
