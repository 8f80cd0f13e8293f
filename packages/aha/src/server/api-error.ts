/** Errors in the shape that OpenAI's clients understand. */

export interface ApiErrorOptions {
  readonly type?: "invalid_request_error" | "authentication_error" | "rate_limit_error" | "server_error";
  readonly code?: string;
  /** The field that is wrong. */
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with an error. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly options: ApiErrorOptions;

  constructor(status: number, message: string, options: ApiErrorOptions = {}) {
    super(message);
    this.status = status;
    this.options = options;
  }

  /** The body of the answer. */
  get body(): Readonly<Record<string, unknown>> {
    const {
      type = this.status >= 500 ? "server_error" : "invalid_request_error",
      code,
      param,
    } = this.options;
    return { error: { message: this.message, type, param: param ?? null, code: code ?? null } };
  }
}
