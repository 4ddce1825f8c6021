import { AgentPlayer, type EpisodeChoices, identifyPlay } from '@namm/control';
import { InvalidArgumentError } from '@namm/core';
import type { EnvironmentSettings } from '@namm/environments';
import type { Assessor, Entrant, NamedTensors, Slice } from '@namm/evolve';
import type { NormaliserScope } from '@namm/features';
import type { EvictionPolicy } from '@namm/kv-cache';
import { createCollector } from '../trainables/create-collector.js';
import { createTrainable } from '../trainables/create-trainable.js';
import { normaliserOf, tensorsOf } from '../trainables/normaliser-tensors.js';
import type { Trainable } from '../trainables/trainable.js';
import type { TrainableSettings } from '../trainables/trainable-settings.js';
import type { ControlScore, ControlUnit } from './control-score.js';
import { fullRows } from './full-rows.js';

/** What episodes are played with, as plain data. */
export interface ControlAssessorSettings {
  /** Folder of a Decision Transformer. */
  readonly agent: string;
  /** What its `agent.json` does not say, or says otherwise. */
  readonly episode: EpisodeChoices;
  readonly trainable: TrainableSettings;
  /** The first environment; units may name others. */
  readonly environment: EnvironmentSettings;
}

/** What is measured before the first generation: the features of episodes under the full cache. */
export interface ControlRequest {
  readonly episodes: readonly ControlUnit[];
  readonly scope: NormaliserScope;
}

/** The name of the full cache among contenders. */
export const fullCache = 'full';

/** Plays episodes under eviction policies, with an agent of its own. */
export class ControlAssessor implements Assessor<ControlUnit, ControlScore, ControlRequest> {
  /** Digest of the agent's folder, and MuJoCo's version where there is physics. */
  readonly version: string;
  readonly #settings: ControlAssessorSettings;
  /** By environment. */
  readonly #players = new Map<string, AgentPlayer>();

  private constructor(settings: ControlAssessorSettings, version: string) {
    this.#settings = settings;
    this.version = version;
  }

  /** @throws whatever `AgentPlayer.open` throws */
  static async load(settings: ControlAssessorSettings): Promise<ControlAssessor> {
    const { agent, environment } = settings;
    const { agent: digest, physics } = await identifyPlay(agent, environment);
    const version = physics === null ? digest : `${digest} MuJoCo ${physics}`;
    const assessor = new ControlAssessor(settings, version);
    await assessor.#playerIn(environment);
    return assessor;
  }

  /** The normaliser of a trainable's features. */
  async prepare({ episodes, scope }: ControlRequest): Promise<NamedTensors> {
    const { policy, normaliser } = createCollector(this.#settings.trainable);
    for (const { environment, seed } of episodes) {
      await (await this.#playerIn(environment)).play({ policy }, seed);
    }
    return tensorsOf(normaliser(scope));
  }

  async assess(slice: Slice<ControlUnit>): Promise<ControlScore[][]> {
    const trainable = createTrainable(this.#settings.trainable, normaliserOf(slice.prepared));
    const policies = slice.contenders.map((contender) => policyOf(trainable, contender));
    const scores: ControlScore[][] = [];
    for (const { environment, seed } of slice.units) {
      const player = await this.#playerIn(environment);
      const row: ControlScore[] = [];
      for (const policy of policies) {
        const { steps, end, rowsPerHead, ...played } = await player.play({ policy }, seed);
        row.push({
          ...{ return: played.return, steps, rowsPerHead: rowsPerHead.mean },
          keptShare: rowsPerHead.mean / fullRows(steps, player.model.rowKinds.length),
          failed: end === 'failed',
        });
      }
      scores.push(row);
    }
    return scores;
  }

  async close(): Promise<void> {
    for (const player of this.#players.values()) await player.release();
  }

  async #playerIn(environment: EnvironmentSettings): Promise<AgentPlayer> {
    const key = JSON.stringify(environment);
    const known = this.#players.get(key);
    if (known) return known;
    const { agent, episode, trainable } = this.#settings;
    const { probe } = createCollector(trainable).policy;
    const player = await AgentPlayer.open({ agent, environment, episode, probe });
    this.#players.set(key, player);
    return player;
  }
}

/** The policy of a contender; null keeps everything. */
function policyOf(trainable: Trainable, contender: Entrant): EvictionPolicy | null {
  if (typeof contender !== 'string') return trainable.policy(contender);
  if (contender === fullCache) return null;
  throw new InvalidArgumentError(
    'contenders',
    `'${contender}' is not a baseline of control problems`,
  );
}
