/** An endpoint that could not be asked, or whose answer is not what OpenAI's interface promises. */

export interface EndpointFailure {
  readonly url: string;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  readonly message: string;
  /** Seconds to wait, where the server says so. */
  readonly retryAfterSeconds?: number | undefined;
  readonly remedy?: string;
}

export class EndpointError extends Error {
  override readonly name = "EndpointError";
  readonly status: number | null;
  readonly retryAfterSeconds: number | undefined;

  constructor({ url, status, message, retryAfterSeconds, remedy }: EndpointFailure, options?: ErrorOptions) {
    const what = status === null ? message : `HTTP ${status}: ${message}`;
    super(`${url}: ${what}${remedy === undefined ? "" : `. ${remedy}`}`, options);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same request may succeed later: no answer, a timeout, a conflict, too many requests, a server's fault. */
  get passing(): boolean {
    return this.status === null || this.status >= 500 || [408, 409, 425, 429].includes(this.status);
  }

  /** Whether no request at all can succeed: a wrong key, path or method. */
  get hopeless(): boolean {
    return this.status !== null && [401, 403, 404, 405].includes(this.status);
  }
}
