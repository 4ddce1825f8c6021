import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { GridScene } from '../contracts/scene.js';
import { purpose } from '../purpose.js';
import { oneHot } from './one-hot.js';
import { TaskBase } from './task-base.js';

export interface RepeatPreviousOptions {
  /** Steps of an episode. */
  readonly length: number;
  /** How many steps ago the wanted symbol was seen. @defaultValue 4 */
  readonly lag?: number;
  /** @defaultValue 4 */
  readonly symbols?: number;
}

/**
 * After POPGym's task of this name: a symbol is seen in each step, and the answer is the one seen `lag`
 * steps before. Right answers share a reward of 1, wrong ones cost as much; before there is anything to
 * repeat, no answer counts. The symbols are independent draws, where POPGym deals decks of cards.
 *
 * Observation and action: one number per symbol.
 */
export class RepeatPrevious extends TaskBase {
  readonly name = 'repeat-previous';
  readonly observationSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  readonly bestReturn = 1;
  readonly memorylessReturn: number;
  readonly #lag: number;

  /** @throws {InvalidArgumentError} naming the option that is wrong or unknown */
  constructor(options: RepeatPreviousOptions) {
    super(0);
    const names = ['length', 'lag', 'symbols'] as const;
    const { length, lag = 4, symbols = 4 } = checkNames('RepeatPrevious', options, names);
    checkInteger('length', length, 2);
    checkInteger('lag', lag, 1);
    checkInteger('symbols', symbols, 2);
    if (lag >= length)
      throw new InvalidArgumentError('lag', `${lag} is not below length, ${length}`);
    this.#lag = lag;
    this.observationSize = symbols;
    this.actionSize = symbols;
    this.horizon = length;
    this.memorylessReturn = 2 / symbols - 1;
  }

  protected limits(): [number, number][] {
    return [];
  }

  protected draw(): void {}
  protected begin(): void {}

  #symbol(time: number): number {
    return this.random(purpose.symbols, time).integer(this.actionSize);
  }

  protected observe(observation: Float32Array): void {
    observation[this.#symbol(this.time)] = 1;
  }

  protected play(action: number): { reward: number; terminated: boolean } {
    const terminated = this.time === this.horizon - 1;
    if (this.time < this.#lag) return { reward: 0, terminated };
    const share = 1 / (this.horizon - this.#lag);
    return { reward: action === this.#symbol(this.time - this.#lag) ? share : -share, terminated };
  }

  oracle(): Agent {
    const lag = this.#lag;
    const size = this.actionSize;
    return {
      name: 'oracle',
      begin() {
        const seen: Float32Array[] = [];
        return (observation) => {
          seen.push(observation);
          return seen.length > lag ? seen.shift()! : oneHot(0, size);
        };
      },
    };
  }

  memoryless(): Agent {
    const answer = oneHot(0, this.actionSize);
    return { name: 'memoryless', begin: () => () => answer };
  }

  scene(): GridScene {
    const now = this.#symbol(this.time);
    const asked = this.time < this.#lag ? 'nothing' : this.#symbol(this.time - this.#lag);
    return {
      kind: 'grid',
      width: 1,
      height: 1,
      cells: [{ x: 0, y: 0, kind: 'symbol', variant: now, label: String(now) }],
      agent: { x: 0, y: 0 },
      caption: `wanted: ${asked}`,
    };
  }
}
