import { AnswerTimeout } from './answer-context.js';
import { ApiError, apiErrorOf } from './api-error.js';

/** What the caller is told of an error; what is not for them the operator is told. */
export function publicError(onWarning: (message: string) => void, error: unknown): ApiError {
  const known = apiErrorOf(error);
  if (known !== null) return known;
  if (error instanceof AnswerTimeout) {
    return new ApiError(504, 'the answer took longer than it may', { reason: 'timeout' });
  }
  if (error instanceof DOMException && error.name === 'AbortError') {
    return new ApiError(499, 'the client has gone');
  }
  onWarning(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return new ApiError(500, 'something went wrong here; the log of the server says what');
}
