import { checkInteger, checkNames } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { GridCell, GridScene } from '../contracts/scene.js';
import { purpose } from '../purpose.js';
import { oneHot } from './one-hot.js';
import { TaskBase } from './task-base.js';

export interface AutoencodeOptions {
  /** Symbols to be watched, then to be said again. */
  readonly length: number;
  /** @defaultValue 4 */
  readonly symbols?: number;
}

/**
 * After POPGym's task of this name: watch `length` symbols, then say them again in the same order. Right
 * answers share a reward of 1, wrong ones cost as much. The symbols are independent draws.
 *
 * Observation: whether this is the time to watch, then one number per symbol. Action: one per symbol.
 */
export class Autoencode extends TaskBase {
  readonly name = 'autoencode';
  readonly observationSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  readonly bestReturn = 1;
  readonly memorylessReturn: number;
  readonly #length: number;

  /** @throws {InvalidArgumentError} naming the option that is wrong or unknown */
  constructor(options: AutoencodeOptions) {
    super(0);
    const { length, symbols = 4 } = checkNames('Autoencode', options, ['length', 'symbols']);
    checkInteger('length', length, 1);
    checkInteger('symbols', symbols, 2);
    this.#length = length;
    this.observationSize = 1 + symbols;
    this.actionSize = symbols;
    this.horizon = 2 * length;
    this.memorylessReturn = 2 / symbols - 1;
  }

  protected limits(): [number, number][] {
    return [];
  }

  protected draw(): void {}
  protected begin(): void {}

  #symbol(index: number): number {
    return this.random(purpose.symbols, index).integer(this.actionSize);
  }

  protected observe(observation: Float32Array): void {
    if (this.time >= this.#length) return;
    observation[0] = 1;
    observation[1 + this.#symbol(this.time)] = 1;
  }

  protected play(action: number): { reward: number; terminated: boolean } {
    const index = this.time - this.#length;
    if (index < 0) return { reward: 0, terminated: false };
    const share = 1 / this.#length;
    const reward = action === this.#symbol(index) ? share : -share;
    return { reward, terminated: index === this.#length - 1 };
  }

  oracle(): Agent {
    const size = this.actionSize;
    return {
      name: 'oracle',
      begin() {
        const seen: number[] = [];
        let said = 0;
        return (observation) => {
          if (observation[0] === 0) return oneHot(seen[said++]!, size);
          seen.push(observation.subarray(1).indexOf(1));
          return oneHot(0, size);
        };
      },
    };
  }

  memoryless(): Agent {
    const answer = oneHot(0, this.actionSize);
    return { name: 'memoryless', begin: () => () => answer };
  }

  scene(): GridScene {
    const watching = this.time < this.#length;
    const index = Math.min(watching ? this.time : this.time - this.#length, this.#length - 1);
    const symbol = this.#symbol(index);
    const cell: GridCell = { x: 0, y: 0, kind: 'symbol', variant: symbol, label: String(symbol) };
    return {
      kind: 'grid',
      width: 1,
      height: 1,
      cells: watching ? [cell] : [],
      agent: { x: 0, y: 0 },
      caption: watching ? 'watch' : `wanted: ${symbol}`,
    };
  }
}
