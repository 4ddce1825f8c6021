import { NammError } from '@namm/core';

/** The queue is full; try again later. */
export class QueueFullError extends NammError {
  /** Seconds after which to try again. */
  readonly retryAfter: number;

  constructor(waiting: number, retryAfter: number) {
    super('QUEUE_FULL', `${waiting} requests are waiting, and no more may; try again later`);
    this.retryAfter = retryAfter;
  }
}

/** A request needs more memory than the limit for all conversations together. */
export class RequestTooLargeError extends NammError {
  constructor(needed: number, limit: number) {
    const [most, all] = [needed, limit].map((bytes) => `${(bytes / 1e6).toFixed(1)} MB`);
    const advice = 'ask for fewer tokens, or for a smaller kv_budget';
    super('REQUEST_TOO_LARGE', `it may need ${most} of cache, and the limit is ${all}; ${advice}`);
  }
}

/** The engine is closing, or has lost its model. */
export class EngineClosedError extends NammError {
  constructor(reason: string, cause?: unknown) {
    super('ENGINE_CLOSED', reason, cause === undefined ? {} : { cause });
  }
}

/** There is no conversation with that name. */
export class UnknownConversationError extends NammError {
  constructor(id: string) {
    super('UNKNOWN_CONVERSATION', `there is no conversation '${id}'`);
  }
}
