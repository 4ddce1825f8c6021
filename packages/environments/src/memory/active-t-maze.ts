import { checkInteger, checkNames } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { GridCell, GridScene } from '../contracts/scene.js';
import { purpose } from '../purpose.js';
import { oneHot } from './one-hot.js';
import { TaskBase } from './task-base.js';
import { junction, move, turnUnseen } from './turn-unseen.js';
import { walk } from './walk.js';

export interface ActiveTMazeOptions {
  /** Steps from the start to the junction. */
  readonly length: number;
  /** Steps from the start back to the cue. @defaultValue 3 */
  readonly detour?: number;
  /** Steps to spare. @defaultValue 0 */
  readonly slack?: number;
}

const seen = { corridor: 0, junction, start: 2, cueCell: 3, up: 4, down: 5 } as const;

/**
 * A T-maze whose cue has to be fetched: it is seen only in the leftmost cell, away from the junction.
 * Reward 1 for the right turn, 0 for the wrong one; both end the episode.
 *
 * Observation: in the corridor, at the junction, at the start, in the cue's cell, cue up, cue down.
 * Actions: right, up, left, down.
 */
export class ActiveTMaze extends TaskBase {
  readonly name = 'active-t-maze';
  readonly observationSize = 6;
  readonly actionSize = 4;
  readonly horizon: number;
  readonly bestReturn = 1;
  readonly memorylessReturn = 0.5;
  readonly #length: number;
  readonly #detour: number;
  #goal = 0;

  /** @throws {InvalidArgumentError} naming the option that is wrong or unknown */
  constructor(options: ActiveTMazeOptions) {
    super(1); // cells to the right of the start
    const {
      length,
      detour = 3,
      slack = 0,
    } = checkNames('ActiveTMaze', options, ['length', 'detour', 'slack']);
    checkInteger('length', length, 1);
    checkInteger('detour', detour, 1);
    checkInteger('slack', slack, 0);
    this.#length = length;
    this.#detour = detour;
    this.horizon = 2 * detour + length + 1 + slack;
  }

  protected limits(): [number, number][] {
    return [[-this.#detour, this.#length]];
  }

  protected draw(): void {
    this.#goal = this.random(purpose.cue).integer(2);
  }

  protected begin(): void {
    this.registers[0] = 0;
  }

  protected observe(observation: Float32Array): void {
    const at = this.registers[0]!;
    if (at === -this.#detour) {
      observation[seen.cueCell] = 1;
      observation[seen.up + this.#goal] = 1;
    } else if (at === this.#length) observation[seen.junction] = 1;
    else observation[at === 0 ? seen.start : seen.corridor] = 1;
  }

  protected play(action: number): { reward: number; terminated: boolean } {
    const corridor = { left: -this.#detour, length: this.#length, goal: this.#goal };
    const { at, ...end } = walk(this.registers[0]!, action, corridor);
    this.registers[0] = at;
    return end;
  }

  oracle(): Agent {
    return {
      name: 'oracle',
      begin() {
        let turn: number | null = null;
        return (observation) => {
          if (observation[seen.up] === 1) turn = move.up;
          if (observation[seen.down] === 1) turn = move.down;
          if (turn === null) return oneHot(move.left, 4);
          return oneHot(observation[seen.junction] === 1 ? turn : move.right, 4);
        };
      },
    };
  }

  // Fetching the cue is no use to those who forget it; corridor cells look alike on both sides of the start.
  memoryless(): Agent {
    return turnUnseen();
  }

  scene(): GridScene {
    const start = this.#detour;
    const end = start + this.#length;
    const x = start + this.registers[0]!;
    const caption = x === 0 ? `cue: ${this.#goal === 0 ? 'up' : 'down'}` : '';
    const cells: GridCell[] = [
      { x: 0, y: 1, kind: 'cue', variant: this.#goal, label: this.#goal === 0 ? 'up' : 'down' },
      { x: end, y: 0, kind: 'goal', variant: this.#goal === 0 ? 1 : 0 },
      { x: end, y: 2, kind: 'goal', variant: this.#goal === 1 ? 1 : 0 },
    ];
    return { kind: 'grid', width: end + 1, height: 3, cells, agent: { x, y: 1 }, caption };
  }
}
