// Eviction policies for tests of the worker. They keep everything, and do something else besides.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * @param select called with the tokens seen so far, after each chunk
 * @param onState called with each state that is made
 */
function policy(select, onState = () => {}) {
  const makeState = () => {
    const state = {
      observe: () => {},
      select: async (view) => {
        await select(view.seen);
        return view.shape.layers.map(() => null);
      },
      retain: () => {},
      fork: makeState,
      save: () => new Uint8Array(),
      bytes: 0,
    };
    onState(state);
    return state;
  };
  return {
    name: 'for a test',
    settings: {},
    probe: { kind: 'none' },
    start: makeState,
    restore: makeState,
  };
}

/**
 * Blocks the thread, as ONNX Runtime does, once `at` tokens are seen. `gate[0]` becomes 1 when it
 * begins; it goes on when that becomes 2.
 */
export function blocks({ gate, at }) {
  const state = new Int32Array(gate);
  return policy((seen) => {
    if (seen < at || Atomics.compareExchange(state, 0, 0, 1) !== 0) return;
    Atomics.notify(state, 0);
    Atomics.wait(state, 0, 1);
  });
}

export const exits = ({ code }) => policy(() => process.exit(code));

/** Throws where nobody can catch it. */
export const throwsLater = () =>
  policy(
    () =>
      new Promise(() => {
        setTimeout(() => {
          throw new RangeError('thrown later');
        });
      }),
  );

export const throws = ({ thrown }) =>
  policy(() => {
    if (thrown === 'circle') {
      const error = new Error('circle');
      error.cause = error;
      throw error;
    }
    if (thrown !== 'own error') throw thrown;
    throw Object.assign(new TypeError('bad type', { cause: new Error('inner') }), { field: 1 });
  });

export const fillsHeap = () =>
  policy(() => {
    const held = [];
    for (;;) held.push({ held, index: held.length });
  });

export const neverEnds = () =>
  policy(() => {
    for (;;);
  });

const collected = new FinalizationRegistry((counter) => Atomics.add(new Int32Array(counter), 0, 1));

/** Adds 1 to `counter[0]` when its state is collected as garbage. */
export const isCounted = ({ counter }) =>
  policy(
    () => {},
    (state) => collected.register(state, counter),
  );

/** Collects the garbage of the worker. */
export function collectsGarbage() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  return policy(() => collect()); // with an argument it would collect what is young alone
}

export const isAsynchronous = async () => policy(() => {});
export const makesNothing = () => ({ name: 'nothing' });
export const isNoFunction = 5;
