import type { ServerContext } from './answer-context.js';
import type { EventSink } from './event-stream.js';
import { publicError } from './public-error.js';

/** An error in the middle of a stream is its last event. */
export function tellStreamError(context: ServerContext, error: unknown, sink: EventSink): void {
  sink.send(publicError(context.onWarning, error).body);
}
