// Eviction policies for tests of the worker. They keep everything, and do something else besides.

/** @param select called with the tokens seen so far, after each chunk */
function policy(select) {
  const state = () => ({
    observe: () => {},
    select: async (view) => {
      await select(view.seen);
      return view.shape.layers.map(() => null);
    },
    compact: () => {},
    fork: state,
    bytes: 0,
  });
  return { name: 'for a test', probe: { kind: 'none' }, start: state };
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

export const isAsynchronous = async () => policy(() => {});
export const makesNothing = () => ({ name: 'nothing' });
export const isNoFunction = 5;
