import { basename } from 'node:path';
import { AgentPlayer, type EpisodeChoices, identifyPlay } from '@namm/control';
import {
  checkChoice,
  checkInteger,
  checkNames,
  InvalidArgumentError,
  type ProgressListener,
} from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import { type BudgetInput, type EvictionPolicy, parseBudget } from '@namm/kv-cache';
import {
  calibrate,
  type NammCheckpoint,
  namm,
  SpectrumCollector,
  shareNormaliser,
  withRandomParameters,
} from '@namm/namm';
import { shiftScores } from '../calibrate/shift-scores.js';
import { chooseTrial, type TransferTrial, trialOf } from './choose-trial.js';
import { noUpdate, ScoreCollector } from './score-collector.js';

/**
 * `frozen`: unchanged, with statistics pooled over all heads of its own model. `calibrated`: statistics and threshold
 * from this agent's own episodes. `random`: the same with random weights, a control that has learned nothing.
 */
export type TransferForm = 'frozen' | 'calibrated' | 'random';

/** All forms. */
export const transferForms: readonly TransferForm[] = ['frozen', 'calibrated', 'random'];

/** Options of {@link transferNamm}. */
export interface TransferOptions {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** @defaultValue that of the folder's `agent.json` */
  readonly environment?: EnvironmentSettings | undefined;
  /** Settings that are missing in `agent.json`, or override it. */
  readonly episode?: EpisodeChoices | undefined;
  /** A NAMM of another model. */
  readonly checkpoint: NammCheckpoint;
  readonly form: TransferForm;
  /** Tokens between updates, a multiple of 16. @defaultValue the checkpoint's */
  readonly updateInterval?: number | undefined;
  /** Number of episodes for measuring statistics, and for every trial. @defaultValue 8 */
  readonly episodes?: number | undefined;
  /** Target shares of the tokens for the trials. @defaultValue 0.5, 0.3, 0.2, 0.1, 0.05, 0.02 */
  readonly shares?: readonly number[] | undefined;
  /** Numbers of newest tokens that always stay, each tried with every threshold. @defaultValue 1 */
  readonly tails?: readonly number[] | undefined;
  /** Limit of what a trial may hold, see `parseBudget`. @defaultValue no limit */
  readonly budget?: BudgetInput | undefined;
  /** Seed of the first episode. Keep it away from the seeds of the final evaluation. @defaultValue 1,000,000 */
  readonly seed?: number | undefined;
  /** Stage `episodes`. */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops it between steps, with the signal's reason; there is then no result. */
  readonly signal?: AbortSignal | undefined;
}

/** A NAMM adapted to an agent. */
export interface TransferredNamm {
  readonly checkpoint: NammCheckpoint;
  /** All trials, in order; empty for a frozen one. */
  readonly trials: readonly TransferTrial[];
  /** The trial whose threshold the checkpoint has; null for a frozen one. */
  readonly chosen: TransferTrial | null;
}

/** Episodes whose scores are looked at: thousands of scores each. */
const scoredEpisodes = 2;

const allocations = ['joint', 'per-head'] as const;

/**
 * Adapts a NAMM of another model, such as a language model, to an agent. A bias per head is dropped, because it belongs
 * to the old model's heads. The scorer is not trained. Calibrated, its features are normalised with statistics of the
 * agent's own episodes under the full cache; then thresholds, one for all heads or one per head, are tried on episodes.
 * Of those whose returns are within half a standard error of the best, the one that holds least is chosen.
 *
 * @throws {InvalidArgumentError} for an invalid option, or an environment that does not match the agent
 * @throws {ModelFolderError | FileFormatError} for a folder without an agent
 * @throws the signal's reason when it is aborted
 * @example
 * ```ts
 * const old = await readCheckpoint(nammCheckpoints('nano-llama')[0]);
 * const { checkpoint } = await transferNamm({ agent, checkpoint: old, form: 'calibrated' });
 * await writeCheckpoint('calibrated.safetensors', checkpoint);
 * ```
 */
export async function transferNamm(options: TransferOptions): Promise<TransferredNamm> {
  const {
    agent,
    checkpoint,
    form,
    episode = {},
    episodes,
    shares,
    tails,
    seed,
    signal,
  } = checked(options);
  const { environment, ...play } = await identifyPlay(agent, options.environment);
  const { updateInterval = checkpoint.policy.updateInterval } = options;
  const policy = { ...checkpoint.policy, updateInterval };
  const shared: NammCheckpoint = { ...shareNormaliser(checkpoint), policy };
  const made = { form, agent: basename(agent), digest: play.agent, environment };
  const probe = namm(shared).probe;
  const player = await AgentPlayer.open({ agent, environment, episode, probe });
  try {
    await player.begin({ policy: namm(shared) }).release();
    if (form === 'frozen') {
      const provenance = { ...shared.provenance, transfer: made };
      return { checkpoint: { ...shared, provenance }, trials: [], chosen: null };
    }
    const total =
      episodes + scoredEpisodes + shares.length * allocations.length * tails.length * episodes;
    let done = 0;
    const play = async (chosen: EvictionPolicy, count: number) => {
      const played = [];
      for (let i = 0; i < count; i++) {
        played.push(await player.play({ policy: chosen }, seed + i, { signal }));
        options.onProgress?.({ stage: 'episodes', done: ++done, total });
      }
      return played;
    };
    const { decay, keys = [] } = shared.features;
    const collector = new SpectrumCollector({ updateInterval, decay, keys });
    const full = await play(collector.policy, episodes);
    if (collector.statistics.count === 0) throw noUpdate();
    const drawn = form === 'random' ? withRandomParameters(shared, seed) : shared;
    const ready = calibrate(drawn, collector.statistics, 'per-head');
    const scores = new ScoreCollector(ready);
    await play(scores.policy, Math.min(scoredEpisodes, episodes));
    done += Math.max(0, scoredEpisodes - episodes);
    const limit = options.budget === undefined ? {} : { budget: options.budget };
    const tried = [];
    for (const allocation of allocations) {
      for (const share of shares) {
        for (const tail of tails) {
          const shifted = withOffsets(ready, scores.offsets(share, allocation));
          const own = tail === 1 ? shifted : { ...shifted, policy: { ...shifted.policy, tail } };
          const played = await play(namm(own, limit), episodes);
          const { rowKinds } = player.model;
          tried.push({ own, trial: trialOf({ allocation, share, tail, played, full, rowKinds }) });
        }
      }
    }
    const trials = tried.map(({ trial }) => trial);
    const chosen = chooseTrial(trials);
    const { own } = tried[trials.indexOf(chosen)]!;
    const told = trials.map(({ returns: _, ...trial }) => trial);
    const transfer = { ...made, episodes, seed, chosen: trials.indexOf(chosen), trials: told };
    return { checkpoint: { ...own, provenance: { ...own.provenance, transfer } }, trials, chosen };
  } finally {
    await player.release();
  }
}

function checked(options: TransferOptions) {
  checkNames('transferNamm', options, [
    ...(['agent', 'environment', 'episode', 'checkpoint', 'form', 'updateInterval'] as const),
    ...(['episodes', 'shares', 'tails', 'budget', 'seed', 'onProgress', 'signal'] as const),
  ]);
  const { episodes = 8, seed = 1_000_000, shares = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02] } = options;
  const { tails = [1] } = options;
  checkChoice('form', options.form, transferForms);
  checkInteger('episodes', episodes, 1);
  checkInteger('seed', seed, 0);
  const wrong = shares.find((share) => !(share > 0 && share <= 1));
  if (wrong !== undefined || shares.length === 0) {
    throw new InvalidArgumentError('shares', `[${shares}] are not numbers above 0 and at most 1`);
  }
  if (tails.length === 0) throw new InvalidArgumentError('tails', 'there are none');
  for (const tail of tails) checkInteger('tails', tail, 1);
  if (options.budget !== undefined) parseBudget(options.budget); // checks it
  return { ...options, episodes, seed, shares, tails };
}

/** The NAMM with a number added to the scores of each head: a shift where it is the same for all. */
function withOffsets(
  checkpoint: NammCheckpoint,
  offsets: readonly (readonly number[])[],
): NammCheckpoint {
  const heads = Math.max(...offsets.map((own) => own.length));
  const all = offsets.flat();
  if (new Set(all).size === 1) return shiftScores(checkpoint, all[0]!);
  const values = new Float32Array(offsets.length * heads);
  for (const [layer, own] of offsets.entries()) values.set(own, layer * heads);
  return { ...checkpoint, headBias: { layers: offsets.length, heads, values } };
}
