// What runs in the worker thread of a DecoderWorker.
import { parentPort, workerData } from 'node:worker_threads';
import { guardNativeCalls, NativeGate } from './runtime/native-gate.js';
import { ModelHost } from './worker/model-host.js';
import { toPortable } from './worker/portable-error.js';
import type { Call, Message, Method, Methods } from './worker/protocol.js';

const port = parentPort;
if (!port) throw new Error('This file is run by DecoderWorker, in a worker thread.');
guardNativeCalls(new NativeGate(workerData as SharedArrayBuffer));
const host = new ModelHost();

const send = (message: Message, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer);

port.on('message', async (call: Call) => {
  const { id } = call;
  try {
    const answer = await host.answer(call, (event) => send({ id, kind: 'progress', event }));
    send({ id, kind: 'answer', answer }, buffersOf(answer));
  } catch (error) {
    send({ id, kind: 'failure', error: toPortable(error) });
  }
});

// A call that cannot be read could not be answered, and its caller would wait for ever.
port.on('messageerror', (error) => {
  throw error;
});

/** The numbers of a step's results, which are handed over without a copy. */
function buffersOf(answer: Methods[Method]['answer']): ArrayBuffer[] {
  if (typeof answer !== 'object' || !('results' in answer)) return [];
  const arrays = answer.results.flatMap(({ logits, hidden }) => [logits, hidden]);
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
