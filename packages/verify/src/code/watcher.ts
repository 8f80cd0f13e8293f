/** Looks at running sandboxes many times a second and ends those that hold too much. */
import { treeUsage } from "./tree-usage.ts";

/** How often the memory of every watched tree is summed. */
const periodMilliseconds = 25;

/** Most files and folders in the private /tmp: an inode costs the kernel memory that no process is charged. */
const mostFiles = 20_000;

export interface Watched {
  readonly init: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly exceed: () => void;
}

const watched = new Set<Watched>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Watches until the function it returns is called. */
export function watch(tree: Watched): () => void {
  watched.add(tree);
  timer ??= setInterval(look, periodMilliseconds);
  return () => {
    watched.delete(tree);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function look(): void {
  for (const tree of [...watched]) {
    const usage = treeUsage(tree.init, tree.memoryBytes);
    if (usage === null) continue;
    const { bytes, files, processes } = usage;
    if (bytes > tree.memoryBytes || files > mostFiles || processes > tree.processes) tree.exceed();
  }
}
