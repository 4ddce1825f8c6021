/** Milliseconds after which a line says that the connection lives. */
const keepAlive = 10_000;

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
 */
export function eventStream(
  write: (sink: EventSink) => Promise<void>,
  onError: (error: unknown, sink: EventSink) => void,
  onLeave: () => void,
): Response {
  const encoder = new TextEncoder();
  let isOpen = true;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const put = (text: string) => {
        if (isOpen) controller.enqueue(encoder.encode(text));
      };
      const timer = setInterval(() => put(': alive\n\n'), keepAlive);
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
    cancel() {
      isOpen = false;
      onLeave();
    },
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}
