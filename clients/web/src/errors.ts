import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "./contract/google/rpc/error_details_pb.js";

/** What a server answered instead of a result, or that it did not answer. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** The broker's own, such as SUBJECT_INVALID; docs/errors.md lists them. Empty if no node answered. */
  readonly reason: string;
  /** Belongs to the reason: KEY_REUSED has the "id" of the message that the key stands for. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How long the server asks to wait, in milliseconds; 0 if it does not. */
  readonly retryAfterMillis: number;

  private constructor(
    /** The URL that was asked last. */
    readonly server: string,
    /** gRPC's code. */
    readonly code: Code,
    text: string,
    cause?: ConnectError,
  ) {
    const [info] = cause?.findDetails(ErrorInfoSchema) ?? [];
    const [retry] = cause?.findDetails(RetryInfoSchema) ?? [];
    const reason = info?.reason ?? "";
    super(`${nameOf(code)}${reason === "" ? `: ${server}` : ` ${reason}`}: ${text}`, { cause });
    this.reason = reason;
    this.metadata = info?.metadata ?? {};
    this.retryAfterMillis =
      Number(retry?.retryDelay?.seconds ?? 0n) * 1000 + (retry?.retryDelay?.nanos ?? 0) / 1e6;
  }

  static of(error: ConnectError, server: string): BrokerError {
    // What Connect says if it has read no gRPC status; nodes never do. A browser tells scripts the same of a network that fails
    // and of an origin that is not allowed.
    return error.code === Code.Unknown
      ? new BrokerError(
          server,
          Code.Unavailable,
          `no answer, or this page's origin is not allowed (${error.rawMessage})`,
          error,
        )
      : new BrokerError(server, error.code, error.rawMessage, error);
  }

  /** A server that does what no answer tells of. */
  static outage(server: string, text: string): BrokerError {
    return new BrokerError(server, Code.Unavailable, text);
  }

  /** Whether nobody knows if a publish happened. */
  get mayHaveHappened(): boolean {
    return this.isOutage;
  }

  /**
   * Whether the server went away, does not answer or cannot serve, so that another one may. A node that is killed cancels its
   * calls.
   */
  get isOutage(): boolean {
    return (
      this.code === Code.Unavailable ||
      this.code === Code.DeadlineExceeded ||
      this.code === Code.Canceled
    );
  }

  /** Whether the same call may well succeed later. */
  get isTransient(): boolean {
    return this.isOutage || (this.code === Code.ResourceExhausted && this.retryAfterMillis > 0);
  }
}

/** As gRPC writes it: INVALID_ARGUMENT. */
function nameOf(code: Code): string {
  return code === Code.Canceled
    ? "CANCELLED"
    : Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
