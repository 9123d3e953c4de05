import { type ServiceError, status } from "@grpc/grpc-js";
import { ErrorInfo, RetryInfo } from "./contract/google/rpc/error_details.js";
import { Status } from "./contract/google/rpc/status.js";

const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";
const RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";

/** What a node answered instead of a result, or that it did not answer. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** The broker's own, such as SUBJECT_INVALID; docs/errors.md lists them. Empty if no node answered. */
  readonly reason: string;
  /** Belongs to the reason: KEY_REUSED has the "id" of the message that the key stands for. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How long the node asks to wait, in milliseconds; 0 if it does not. */
  readonly retryAfterMillis: number;

  private constructor(
    /** The address that was asked last. */
    readonly node: string,
    /** gRPC's code. */
    readonly code: status,
    text: string,
    details: Details,
    cause?: unknown,
  ) {
    const what =
      details.reason === "" ? `${status[code]}: ${node} said` : `${status[code]} ${details.reason}`;
    super(`${what}: ${text}`, { cause });
    this.reason = details.reason;
    this.metadata = details.metadata;
    this.retryAfterMillis = details.retryAfterMillis;
  }

  static of(error: ServiceError, node: string): BrokerError {
    const [details] = error.metadata.get("grpc-status-details-bin");
    return new BrokerError(node, error.code, error.details, read(details), error);
  }

  /** A node that does what no answer tells of. */
  static outage(node: string, text: string): BrokerError {
    return new BrokerError(node, status.UNAVAILABLE, text, read(undefined));
  }

  /** Whether nobody knows if a publish happened. */
  get mayHaveHappened(): boolean {
    return this.isOutage;
  }

  /**
   * Whether the node went away, does not answer or cannot serve, so that another one may. A node that is killed cancels its
   * calls.
   */
  get isOutage(): boolean {
    return (
      this.code === status.UNAVAILABLE ||
      this.code === status.DEADLINE_EXCEEDED ||
      this.code === status.CANCELLED
    );
  }

  /** Whether the same call may well succeed later. */
  get isTransient(): boolean {
    return this.isOutage || (this.code === status.RESOURCE_EXHAUSTED && this.retryAfterMillis > 0);
  }
}

interface Details {
  reason: string;
  metadata: Record<string, string>;
  retryAfterMillis: number;
}

function read(bytes: Buffer | string | undefined): Details {
  const read: Details = { reason: "", metadata: {}, retryAfterMillis: 0 };
  if (!(bytes instanceof Buffer)) {
    return read;
  }
  for (const detail of Status.decode(bytes).details) {
    if (detail.typeUrl === ERROR_INFO) {
      const info = ErrorInfo.decode(detail.value);
      read.reason = info.reason;
      read.metadata = info.metadata;
    } else if (detail.typeUrl === RETRY_INFO) {
      const delay = RetryInfo.decode(detail.value).retryDelay;
      read.retryAfterMillis = (delay?.seconds ?? 0) * 1000 + (delay?.nanos ?? 0) / 1e6;
    }
  }
  return read;
}
