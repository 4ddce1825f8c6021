import { InvalidArgumentError, NammError } from '@namm/core';
import {
  EngineClosedError,
  QueueFullError,
  RequestTooLargeError,
  UnknownConversationError,
} from '../engine/engine-errors.js';

export type ErrorStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 408
  | 413
  | 415
  | 421
  | 429
  | 499
  | 500
  | 503
  | 504
  | 507;

/** An answer in the shape that clients of OpenAI know errors by. */
export class ApiError extends NammError {
  readonly status: ErrorStatus;
  readonly type: string;
  readonly param: string | null;
  /** OpenAI's word for it, or null. */
  readonly reason: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ErrorStatus,
    message: string,
    {
      param = null,
      reason = null,
      headers = {},
    }: Partial<Pick<ApiError, 'param' | 'reason' | 'headers'>> = {},
  ) {
    super('API', message);
    this.status = status;
    this.type = typeOf(status);
    this.param = param;
    this.reason = reason;
    this.headers = headers;
  }

  get body(): object {
    const { message, type, param, reason: code } = this;
    return { error: { message, type, param, code } };
  }
}

function typeOf(status: ErrorStatus): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** What callers call an option of ours. */
const publicNames: Readonly<Record<string, string>> = {
  'sampling.temperature': 'temperature',
  'sampling.topK': 'top_k',
  'sampling.topP': 'top_p',
  'sampling.minP': 'min_p',
  'sampling.repetitionPenalty': 'repetition_penalty',
};

/** Ours to tell: what else is wrong is no business of the caller's. */
const callersFaults = new Set([
  ...['CACHE_USE', 'DECODER_INPUT', 'TOKENIZER', 'POLICY_MODULE', 'CONSTRAINT'],
]);

/** An error as the caller may see it; null for one that only the operator may. */
export function apiErrorOf(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (error instanceof QueueFullError) {
    const headers = { 'retry-after': String(error.retryAfter) };
    return new ApiError(429, error.message, { reason: 'queue_full', headers });
  }
  if (error instanceof EngineClosedError)
    return new ApiError(503, error.message, { reason: 'unavailable' });
  if (error instanceof RequestTooLargeError) {
    return new ApiError(400, error.message, { reason: 'memory_limit_exceeded' });
  }
  if (error instanceof UnknownConversationError) return new ApiError(404, error.message);
  if (!NammError.isInstance(error)) return null;
  const told = withoutFile(error);
  if (error.code === 'POSITION_LIMIT') {
    return new ApiError(400, error.message, { reason: 'context_length_exceeded' });
  }
  if (error instanceof InvalidArgumentError) {
    const name = /^[\w.[\]]+(?=:)/.exec(error.message)?.[0] ?? null;
    const param = name === null ? null : (publicNames[name] ?? name);
    const message = name === null ? error.message : error.message.replace(name, param!);
    return new ApiError(400, message, { param, reason: 'invalid_value' });
  }
  if (error.code === 'CACHE_SAVE') {
    return new ApiError(507, told, { reason: 'not_saved' });
  }
  return callersFaults.has(error.code) ? new ApiError(400, told) : null;
}

/** Where files are is no business of the caller's. */
function withoutFile({ message, details }: NammError): string {
  const file = details.file ?? details.path;
  return typeof file === 'string' && message.startsWith(`${file}: `)
    ? message.slice(file.length + 2)
    : message;
}
