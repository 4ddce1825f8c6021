import type { RowKind } from '@namm/cache-decision-transformer';
import type { Scene } from '@namm/environments';
import type { AgentPlayer } from './agent-player.js';
import type { MemoryContender } from './memory-contender.js';
import type { PlayedEpisode, PlayedStep } from './play-episode.js';

/** A step of a filmed episode. */
export interface FilmedStep {
  /** What the agent saw when it chose. */
  readonly scene: Scene;
  /** The action really taken, as text: its number, or the numbers of a continuous action. */
  readonly action: string;
  readonly reward: number;
  /** Sum of the rewards so far. */
  readonly total: number;
  /** Return-to-go before the step, in the environment's units. */
  readonly returnToGo: number;
}

/** An episode, step by step, and what each head held of it: plain data for the page of `@namm/report`. */
export interface FilmedEpisode {
  readonly frames: readonly FilmedStep[];
  readonly rowKinds: readonly RowKind[];
  /** KV heads of each layer. */
  readonly headsPerLayer: readonly number[];
  /** Tokens read by each step, `[frames]`. */
  readonly seen: Uint32Array;
  /**
   * `[heads, tokens]`, heads numbered through all layers: the first step after which the head no longer holds the token;
   * the number of steps when it holds it to the end.
   */
  readonly evictedAt: Uint32Array;
  readonly played: PlayedEpisode;
}

/**
 * Plays an episode and films it. With a recomputed window, a token counts as held as long as it is in the window.
 *
 * @param player with the contender's probe
 * @throws the reason of the signal, when it stops
 *
 * @example
 * ```ts
 * const film = await filmEpisode(player, await createContender('h2o', { budget: 60 }), 7);
 * ```
 */
export async function filmEpisode(
  player: AgentPlayer,
  contender: MemoryContender,
  seed: number,
  signal?: AbortSignal,
): Promise<FilmedEpisode> {
  const frames: FilmedStep[] = [];
  const { rowKinds, cacheShape } = player.model;
  const headsPerLayer = cacheShape.layers.map(({ keyValueHeads }) => keyValueHeads);
  const heads = headsPerLayer.map((count) => Array.from({ length: count }, () => new Held()));
  const seen: number[] = [];
  const { window, policy } = contender;
  const onStep = (step: PlayedStep) => {
    const { scene, returnToGo, transition, total, episode } = step;
    const { action, reward } = transition;
    const words = wordsOf(action, player.environment.actions);
    frames.push({ scene, action: words, reward, total, returnToGo });
    seen.push(rowKinds.length * (step.step + 1) - 1); // its action is read with the next state
    const read = seen.at(-1)!;
    const oldest = window === null ? 0 : Math.max(0, rowKinds.length * (step.step + 1 - window));
    const inWindow = Array.from({ length: read - oldest }, (_, i) => oldest + i);
    for (const [layer, own] of heads.entries()) {
      for (const [head, held] of own.entries()) {
        const tokens = window === null ? episode.cache.tokens(layer, head) : inWindow;
        held.update(step.step, tokens, read);
      }
    }
  };
  const played = await player.play({ policy: policy(seed), window }, seed, { signal, onStep });
  const tokens = seen.at(-1)!;
  const all = heads.flat();
  const evictedAt = new Uint32Array(all.length * tokens);
  for (const [i, held] of all.entries()) {
    evictedAt.set(held.evictedAt(tokens, frames.length), i * tokens);
  }
  return { frames, rowKinds, headsPerLayer, seen: Uint32Array.from(seen), evictedAt, played };
}

/** Notices what a head no longer holds. */
class Held {
  #tokens = new Set<number>();
  /** Tokens that were looked at. */
  #seen = 0;
  readonly #evictedAt: number[] = [];

  update(step: number, tokens: ArrayLike<number>, seen: number): void {
    const now = new Set(Array.from(tokens));
    for (const token of this.#tokens) if (!now.has(token)) this.#evictedAt[token] = step;
    // What came and went within one step.
    for (let token = this.#seen; token < seen; token++) {
      if (!now.has(token)) this.#evictedAt[token] = step;
    }
    this.#tokens = now;
    this.#seen = seen;
  }

  /** `[tokens]` */
  evictedAt(tokens: number, steps: number): Uint32Array {
    return Uint32Array.from({ length: tokens }, (_, token) => this.#evictedAt[token] ?? steps);
  }
}

function wordsOf(action: Float32Array, kind: 'discrete' | 'continuous'): string {
  if (kind === 'continuous') return Array.from(action, (value) => value.toFixed(2)).join(', ');
  return String(action.indexOf(Math.max(...action)));
}
