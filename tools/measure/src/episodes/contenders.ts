import {
  type AgentEpisode,
  DecisionTransformer,
  type EpisodeOptions,
  stepWindow,
} from '@namm/cache-decision-transformer';
import { full, h2o } from '@namm/kv-cache';
import { PythonPeer } from '../measuring/python-peer.js';
import { startStopwatch } from '../measuring/stopwatch.js';

/** What an agent has of its episode. */
type Kept = 'window' | 'whole' | 'newest' | 'h2o';

/** One episode of one contender. */
export interface EpisodeTime {
  /** CPU and wall seconds per step. */
  readonly cpu: number;
  readonly wall: number;
  readonly otherCores: number;
  /** Rows per head at the end, on average; null where it is not ours to count. */
  readonly rows: number | null;
}

/** One way to run an episode. */
export interface Contender {
  readonly name: string;
  readonly kept: Kept;
  readonly isPeer: boolean;
  /** Plays an episode; its own actions are fed back, and the reward is always 1. */
  play(
    states: readonly Float32Array[],
  ): Promise<{ readonly time: EpisodeTime; readonly actions: readonly number[] }>;
  release(): Promise<void>;
}

const asked = { targetReturn: 3600, returnScale: 1000 };

/**
 * Ours: a window that is computed anew, the baseline, then caches: whole, and of as many tokens as the window has.
 *
 * @param folder of the model
 * @param window steps
 */
export async function ourContenders(
  folder: string,
  window: number,
): Promise<readonly (Contender & { readonly model: DecisionTransformer })[]> {
  const tokens = 3 * window;
  const ways: readonly [Kept, string, EpisodeOptions][] = [
    ['window', `window of ${window}, computed anew`, { window }],
    ['whole', 'whole episode', { policy: full() }],
    ['newest', `newest ${window} steps`, { policy: stepWindow(window) }],
    ['h2o', `h2o, ${tokens} tokens`, { policy: h2o({ budget: tokens }) }],
  ];
  return Promise.all(
    ways.map(async ([kept, name, options]) => {
      const { policy } = options;
      const model = await DecisionTransformer.load(folder, policy ? { probe: policy.probe } : {});
      const play = (states: readonly Float32Array[]) =>
        playOurs(model.createEpisode({ ...options, ...asked, normalisation: null }), states);
      return { name, kept, isPeer: false, model, play, release: () => model.release() };
    }),
  );
}

async function playOurs(episode: AgentEpisode, states: readonly Float32Array[]) {
  const actions: number[] = [];
  const elapsed = startStopwatch();
  for (const state of states) {
    actions.push(...(await episode.act(state)));
    episode.observe(1);
  }
  const { cpu, wall, others } = elapsed();
  const { rows, keptPerHead } = episode.memory();
  await episode.release();
  const steps = states.length;
  const time = { cpu: cpu / steps, wall: wall / steps, otherCores: others / wall };
  return { time: { ...time, rows: rows / keptPerHead.flat().length }, actions };
}

interface Request {
  readonly kept: Kept;
  /** Of the window. */
  readonly steps: number;
  readonly target: number;
  readonly reward: number;
  readonly states: readonly number[];
}

interface Answer {
  readonly cpu: number;
  readonly wall: number;
  readonly actions: readonly number[];
}

/**
 * The layers of transformers in PyTorch, over its own cache and with a window computed anew.
 *
 * @param python with torch and transformers
 * @param folder of the model
 * @param window steps
 * @throws {MeasurementError} when it cannot run
 */
export async function torchContenders(
  python: string,
  folder: string,
  window: number,
): Promise<readonly Contender[]> {
  const peer = await PythonPeer.start<Request, Answer>(python, 'agent_steps.py', { folder });
  const ways: readonly [Kept, string][] = [
    ['window', `window of ${window}`],
    ['whole', 'whole episode'],
    ['newest', `newest ${window} steps`],
  ];
  return ways.map(([kept, what]) => ({
    name: `${peer.name}: ${what}`,
    kept,
    isPeer: true,
    async play(states) {
      const elapsed = startStopwatch();
      const { cpu, wall, actions } = await peer.measure({
        ...{ kept, steps: window, states: states.flatMap((state) => [...state]) },
        target: asked.targetReturn / asked.returnScale,
        reward: 1 / asked.returnScale,
      });
      const { others, wall: waited } = elapsed();
      const steps = states.length;
      const otherCores = Math.max(0, others - cpu) / waited;
      return { time: { cpu: cpu / steps, wall: wall / steps, otherCores, rows: null }, actions };
    },
    async release() {
      peer.stop();
    },
  }));
}
