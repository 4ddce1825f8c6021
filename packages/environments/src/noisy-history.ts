import { checkInteger, checkNames, checkShare, InvalidArgumentError, Random } from '@namm/core';
import { checkAction } from './check-action.js';
import type { Environment, Transition } from './contracts/environment.js';
import type { Scene } from './contracts/scene.js';
import { purpose } from './purpose.js';
import { randomAction } from './random-agent.js';

export interface NoisyHistoryOptions {
  /** The steps at the beginning of an episode in which actions may be replaced. */
  readonly steps: number;
  /** The probability that one is. @defaultValue 1 */
  readonly share?: number;
}

/**
 * An environment whose episodes begin badly: early actions are replaced by random ones. What was really done
 * is in the result, so an agent's history is full of mistakes that it would do well to forget.
 */
export class NoisyHistory implements Environment {
  readonly name: string;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly actions: 'discrete' | 'continuous';
  readonly horizon: number;
  readonly #inner: Environment;
  readonly #steps: number;
  readonly #share: number;
  #seed = 0;
  #time = 0;

  /**
   * @param inner released with this one
   * @throws {InvalidArgumentError} naming the option that is wrong or unknown
   */
  constructor(inner: Environment, options: NoisyHistoryOptions) {
    const { steps, share = 1 } = checkNames('NoisyHistory', options, ['steps', 'share']);
    checkInteger('steps', steps, 1);
    checkShare('share', share);
    this.#inner = inner;
    this.#steps = steps;
    this.#share = share;
    this.name = `noisy-${inner.name}`;
    this.observationSize = inner.observationSize;
    this.actionSize = inner.actionSize;
    this.actions = inner.actions;
    this.horizon = inner.horizon;
  }

  reset(seed: number): Float32Array {
    const observation = this.#inner.reset(seed);
    this.#seed = seed;
    this.#time = 0;
    return observation;
  }

  step(action: ArrayLike<number>): Transition {
    let done: ArrayLike<number> = checkAction(this, action);
    if (this.#time < this.#steps) {
      const random = new Random(this.#seed, purpose.noise, this.#time);
      if (random.uniform() < this.#share) done = randomAction(this, random);
    }
    const result = this.#inner.step(done);
    this.#time++;
    return result;
  }

  scene(): Scene {
    return this.#inner.scene();
  }

  save(): Float64Array {
    return Float64Array.of(this.#seed, this.#time, ...this.#inner.save());
  }

  restore(state: Float64Array): Float32Array {
    const [seed, time] = state;
    if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(time) || seed! < 0 || time! < 0) {
      throw new InvalidArgumentError('state', `is not a state of ${this.name}`);
    }
    const observation = this.#inner.restore(state.slice(2));
    this.#seed = seed!;
    this.#time = time!;
    return observation;
  }

  release(): void {
    this.#inner.release();
  }
}
