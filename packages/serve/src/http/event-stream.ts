import type { Pace } from '../engine/pace.js';

/** Milliseconds after which a line says that the connection lives. */
const keepAlive = 10_000;

/** Bytes that may wait for a slow reader before the answer is held. */
const mostWaiting = 65_536;

/** What a stream of events is written to. */
export interface EventSink {
  /** @param event its name, where the interface has names */
  send(data: object | '[DONE]', event?: string): void;
}

/**
 * An answer of server-sent events. It begins at once, says that it lives while nothing happens, and closes after the
 * last event.
 *
 * @param write sends the events; what it throws ends the stream, after `onError` has told of it
 * @param onLeave is called when the client has gone
 * @param pace is held while the reader is slow
 */
export function eventStream(
  write: (sink: EventSink) => Promise<void>,
  onError: (error: unknown, sink: EventSink) => void,
  onLeave: () => void,
  pace: Pace,
): Response {
  const encoder = new TextEncoder();
  let isOpen = true;
  const size = (chunk?: Uint8Array) => chunk?.byteLength ?? 0;
  const source = {
    start(controller: ReadableStreamDefaultController<Uint8Array>) {
      const put = (text: string) => {
        if (!isOpen) return;
        controller.enqueue(encoder.encode(text));
        if ((controller.desiredSize ?? 0) <= 0) pace.hold();
      };
      // A reader that does not read needs no sign of life, and would only gather them.
      const timer = setInterval(() => pace.isHeld || put(': alive\n\n'), keepAlive);
      const sink: EventSink = {
        send(data, event) {
          const name = event === undefined ? '' : `event: ${event}\n`;
          put(`${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
        },
      };
      void write(sink)
        .catch((error) => onError(error, sink))
        .finally(() => {
          clearInterval(timer);
          if (isOpen) controller.close();
          isOpen = false;
        });
    },
    pull() {
      pace.release();
    },
    cancel() {
      isOpen = false;
      onLeave();
      pace.release();
    },
  };
  const body = new ReadableStream<Uint8Array>(source, { highWaterMark: mostWaiting, size });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}
