import { setImmediate } from 'node:timers/promises';
import type { AgentEpisode } from '@namm/cache-decision-transformer';
import { checkNames } from '@namm/core';
import type { Environment, Scene, Transition } from '@namm/environments';
import type { EpisodeRecord } from './episode-record.js';

/** The outcome of an episode. */
export type PlayedEpisode = Omit<EpisodeRecord, 'contender' | 'settings'>;

/** A step of an episode, as it has just been played. */
export interface PlayedStep {
  /** From 0. */
  readonly step: number;
  /** What the agent saw when it chose. */
  readonly scene: Scene;
  /** Return-to-go before the step, in the environment's units. */
  readonly returnToGo: number;
  readonly transition: Transition;
  /** Sum of the rewards so far. */
  readonly total: number;
  /** The episode, to inspect its cache. */
  readonly episode: AgentEpisode;
}

/** How an episode is played. */
export interface PlayOptions {
  /** Stops between two steps. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every step. */
  readonly onStep?: (step: PlayedStep) => void;
}

/** Steps between looks at the signal: computing leaves Node no time to hear one. */
const stepsPerLook = 16;

/** Plays one episode to its end, and tracks what the agent holds. */
export async function playEpisode(
  episode: AgentEpisode,
  environment: Environment,
  seed: number,
  options: PlayOptions = {},
): Promise<PlayedEpisode> {
  checkNames('play', options, ['signal', 'onStep']);
  const { signal, onStep } = options;
  const start = performance.now();
  let [total, rowSum, peakRows, cacheBytes] = [0, 0, 0, 0];
  let observation = environment.reset(seed);
  for (let steps = 1; ; steps++) {
    if (steps % stepsPerLook === 1) await setImmediate();
    signal?.throwIfAborted();
    const scene = onStep && environment.scene();
    const { returnToGo } = episode;
    const transition = environment.step(await episode.act(observation));
    const { keptPerHead, bytes } = episode.cache.memory();
    const rows = meanOf(keptPerHead);
    rowSum += rows;
    peakRows = Math.max(peakRows, rows);
    cacheBytes = Math.max(cacheBytes, bytes.used + bytes.positions + bytes.policy);
    total += transition.reward;
    onStep?.({ step: steps - 1, scene: scene!, returnToGo, transition, total, episode });
    if (transition.terminated || transition.truncated) {
      const { failure, terminated } = transition;
      const end = failure !== null ? 'failed' : terminated ? 'terminated' : 'truncated';
      const rowsPerHead = { mean: rowSum / steps, peak: peakRows };
      const peakBytes = cacheBytes + episode.memory().stepBytes;
      const seconds = (performance.now() - start) / 1000;
      return { seed, return: total, steps, end, failure, rowsPerHead, peakBytes, seconds };
    }
    episode.observe(transition.reward, transition.action);
    observation = transition.observation;
  }
}

/** Over all heads of all layers; made for every step. */
function meanOf(keptPerHead: readonly (readonly number[])[]): number {
  let [sum, count] = [0, 0];
  for (const heads of keptPerHead) {
    for (const rows of heads) sum += rows;
    count += heads.length;
  }
  return sum / count;
}
