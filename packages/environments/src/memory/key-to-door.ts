import { checkInteger, checkNames } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { GridCell, GridScene } from '../contracts/scene.js';
import { purpose } from '../purpose.js';
import { oneHot } from './one-hot.js';
import { TaskBase } from './task-base.js';

export interface KeyToDoorOptions {
  /** Steps between the room of the key and the door, full of apples. */
  readonly length: number;
  /** Steps in the room of the key; it lies there in one of them. @defaultValue 5 */
  readonly keySteps?: number;
  /** Colours of keys, each with its door. @defaultValue 4 */
  readonly colours?: number;
}

const wait = 0;
const pick = 1;

/**
 * Pick up the key when it lies there, pick apples on a long way, and at the end open the door of the key's
 * colour: reward 1 with the key and at the right door, 0 otherwise. All apples together are worth 0.5; there
 * is one in every two steps.
 *
 * Observation: a key of each colour, an apple, the doors. Actions: wait, pick, open the door of each colour.
 */
export class KeyToDoor extends TaskBase {
  readonly name = 'key-to-door';
  readonly observationSize: number;
  readonly actionSize: number;
  readonly horizon: number;
  readonly bestReturn = 1.5;
  readonly memorylessReturn: number;
  readonly #length: number;
  readonly #keySteps: number;
  readonly #colours: number;
  #keyTime = 0;
  #colour = 0;

  /** @throws {InvalidArgumentError} naming the option that is wrong or unknown */
  constructor(options: KeyToDoorOptions) {
    super(1); // whether the key was picked up
    const names = ['length', 'keySteps', 'colours'] as const;
    const { length, keySteps = 5, colours = 4 } = checkNames('KeyToDoor', options, names);
    checkInteger('length', length, 2);
    checkInteger('keySteps', keySteps, 1);
    checkInteger('colours', colours, 2);
    this.#length = length;
    this.#keySteps = keySteps;
    this.#colours = colours;
    this.observationSize = colours + 2;
    this.actionSize = 2 + colours;
    this.horizon = keySteps + length + 1;
    this.memorylessReturn = 0.5 + 1 / colours;
  }

  protected limits(): [number, number][] {
    return [[0, 1]];
  }

  protected draw(): void {
    const random = this.random(purpose.cue);
    this.#keyTime = random.integer(this.#keySteps);
    this.#colour = random.integer(this.#colours);
  }

  protected begin(): void {
    this.registers[0] = 0;
  }

  get #atDoor(): boolean {
    return this.time === this.horizon - 1;
  }

  /** Apples lie in one of each two steps of the way, so that their number is known; an odd last step has none. */
  get #appleHere(): boolean {
    const way = this.time - this.#keySteps;
    const pair = Math.floor(way / 2);
    if (way < 0 || pair >= Math.floor(this.#length / 2)) return false;
    return this.random(purpose.distractors, pair).integer(2) === way % 2;
  }

  protected observe(observation: Float32Array): void {
    if (this.time === this.#keyTime && this.registers[0] === 0) observation[this.#colour] = 1;
    if (this.#appleHere) observation[this.#colours] = 1;
    if (this.#atDoor) observation[this.#colours + 1] = 1;
  }

  protected play(action: number): { reward: number; terminated: boolean } {
    if (this.#atDoor) {
      const opens = this.registers[0] === 1 && action === 2 + this.#colour;
      return { reward: opens ? 1 : 0, terminated: true };
    }
    if (action !== pick) return { reward: 0, terminated: false };
    if (this.time === this.#keyTime) this.registers[0] = 1;
    const reward = this.#appleHere ? 0.5 / Math.floor(this.#length / 2) : 0;
    return { reward, terminated: false };
  }

  #agent(name: string, remembers: boolean): Agent {
    const colours = this.#colours;
    return {
      name,
      begin() {
        let colour = 0;
        return (observation) => {
          const key = observation.subarray(0, colours).indexOf(1);
          if (key >= 0 && remembers) colour = key;
          if (observation[colours + 1] === 1) return oneHot(2 + colour, 2 + colours);
          return oneHot(key >= 0 || observation[colours] === 1 ? pick : wait, 2 + colours);
        };
      },
    };
  }

  oracle(): Agent {
    return this.#agent('oracle', true);
  }

  memoryless(): Agent {
    return this.#agent('memoryless', false);
  }

  scene(): GridScene {
    const cells: GridCell[] = [];
    const x = Math.min(this.time, this.horizon - 1);
    if (this.time === this.#keyTime && this.registers[0] === 0) {
      cells.push({ x, y: 0, kind: 'key', variant: this.#colour });
    }
    if (this.#appleHere) cells.push({ x, y: 0, kind: 'apple' });
    cells.push({ x: this.horizon - 1, y: 0, kind: 'door', variant: this.#colour });
    const caption = this.registers[0] === 1 ? `has the key of colour ${this.#colour}` : 'no key';
    return { kind: 'grid', width: this.horizon, height: 2, cells, agent: { x, y: 1 }, caption };
  }
}
