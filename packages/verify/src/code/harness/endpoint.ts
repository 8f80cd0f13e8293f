/** One sandboxed runner seen from the host: frames in, frames out, and why it ended. */
import type { SandboxExit, SandboxProcess } from "../sandbox.ts";
import { encodeFrame, type Frame, FrameReader, jsonFrame } from "./frames.ts";

/** All that one process may say in its life. */
const mostBytes = 64 << 20;

/** Why a runner gave no frame. */
export interface EndpointEnd {
  readonly ended: "exit" | "deadline" | "too-large" | "flood";
  readonly exit: SandboxExit | null;
  /** The tail of its standard error, for messages about a sandbox that did not come up. */
  readonly stderr: string;
}

export class Endpoint {
  private readonly process: SandboxProcess;
  private readonly reader: FrameReader;
  private stderr = "";

  constructor(process: SandboxProcess) {
    this.process = process;
    this.reader = new FrameReader(process.stdout, mostBytes);
    // The runner may be gone when we write; what then matters is why it ended.
    process.stdin.on("error", () => {});
    process.stderr.on("error", () => {});
    process.stderr.on("data", (piece: Buffer) => {
      this.stderr = (this.stderr + piece.toString("utf8")).slice(-2000);
    });
  }

  get hasFrame(): boolean {
    return this.reader.hasFrame;
  }

  send(letter: string, value: unknown): void {
    this.process.stdin.write(jsonFrame(letter, value));
  }

  /** Passes a frame of the other side on, unread. */
  forward(frame: Frame): void {
    this.process.stdin.write(encodeFrame(frame.letter, frame.body));
  }

  /** The next frame; `deadline` is a time of `performance.now()`. */
  async next(deadline: number): Promise<Frame | EndpointEnd> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"deadline">((resolve) => {
      timer = setTimeout(resolve, Math.max(0, deadline - performance.now()), "deadline");
    });
    const result = await Promise.race([this.reader.next(), late]);
    clearTimeout(timer);
    if (typeof result !== "string") return result;
    if (result !== "closed") {
      this.process.kill();
      return { ended: result, exit: null, stderr: this.stderr };
    }
    // Closing its pipe without ending is a way to hang us: what does not follow its pipe is ended.
    const grace = setTimeout(() => this.process.kill(), 500);
    const exit = await this.process.exited;
    clearTimeout(grace);
    return { ended: "exit", exit, stderr: this.stderr };
  }

  /** Ends the process and waits until nothing of it is left. */
  async close(): Promise<void> {
    this.process.kill();
    await this.process.exited;
  }
}

export const isFrame = (result: Frame | EndpointEnd): result is Frame => "letter" in result;
