import { checkChoice, checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { GridCell, GridScene } from '../contracts/scene.js';
import { purpose } from '../purpose.js';
import { oneHot } from './one-hot.js';
import { TaskBase } from './task-base.js';
import { junction, move, turnUnseen } from './turn-unseen.js';
import { walk } from './walk.js';

export interface TMazeOptions {
  /** Steps from the start to the junction. */
  readonly length: number;
  /** When the cue is seen, for one step: at a time drawn anew for each episode, or in the first step. @defaultValue 'random' */
  readonly cue?: 'random' | 'start';
  /** Cues in an episode, each drawn anew; only the last one counts, so that older ones mislead. @defaultValue 1 */
  readonly cues?: number;
  /** Numbers in an observation that mean nothing, uniform in −1 … 1. @defaultValue 0 */
  readonly distractors?: number;
  /** Steps to spare. @defaultValue 0 */
  readonly slack?: number;
}

const seen = { corridor: 0, junction, up: 2, down: 3 } as const;

/**
 * A corridor with a junction at its end. Somewhere on the way a cue says where to turn: reward 1 for the
 * right turn, 0 for the wrong one; both end the episode.
 *
 * Observation: in the corridor, at the junction, cue up, cue down, then the distractors.
 * Actions: right, up, left, down.
 */
export class TMaze extends TaskBase {
  readonly name = 't-maze';
  readonly observationSize: number;
  readonly actionSize = 4;
  readonly horizon: number;
  readonly bestReturn = 1;
  readonly memorylessReturn = 0.5;
  readonly #length: number;
  readonly #options: Required<TMazeOptions>;
  /** Time → 0 up, 1 down. */
  #cues = new Map<number, number>();
  #goal = 0;

  /** @throws {InvalidArgumentError} naming the option that is wrong or unknown */
  constructor(options: TMazeOptions) {
    super(1); // the position
    checkNames('TMaze', options, ['length', 'cue', 'cues', 'distractors', 'slack']);
    this.#options = { cue: 'random', cues: 1, distractors: 0, slack: 0, ...options };
    const { length, cue, cues, distractors, slack } = this.#options;
    checkInteger('length', length, 1);
    checkChoice('cue', cue, ['random', 'start']);
    checkInteger('cues', cues, 1);
    checkInteger('distractors', distractors, 0);
    checkInteger('slack', slack, 0);
    if (cues > (cue === 'start' ? 1 : length)) {
      throw new InvalidArgumentError(
        'cues',
        `${cues} do not fit where cue is '${cue}' and length ${length}`,
      );
    }
    this.#length = length;
    this.observationSize = 4 + distractors;
    this.horizon = length + 1 + slack;
  }

  protected limits(): [number, number][] {
    return [[0, this.#length]];
  }

  protected draw(): void {
    const { cue, cues } = this.#options;
    const random = this.random(purpose.cue);
    const times = new Set<number>();
    while (times.size < cues) times.add(cue === 'start' ? 0 : random.integer(this.#length));
    this.#cues = new Map();
    for (const time of [...times].sort((a, b) => a - b)) {
      this.#goal = random.integer(2);
      this.#cues.set(time, this.#goal);
    }
  }

  protected begin(): void {
    this.registers[0] = 0;
  }

  protected observe(observation: Float32Array): void {
    observation[this.registers[0] === this.#length ? seen.junction : seen.corridor] = 1;
    const cue = this.#cues.get(this.time);
    if (cue !== undefined) observation[seen.up + cue] = 1;
    if (observation.length === 4) return;
    const random = this.random(purpose.distractors, this.time);
    for (let i = 4; i < observation.length; i++) observation[i] = 2 * random.uniform() - 1;
  }

  protected play(action: number): { reward: number; terminated: boolean } {
    const corridor = { left: 0, length: this.#length, goal: this.#goal };
    const { at, ...end } = walk(this.registers[0]!, action, corridor);
    this.registers[0] = at;
    return end;
  }

  oracle(): Agent {
    return {
      name: 'oracle',
      begin() {
        let turn: number = move.up;
        return (observation) => {
          if (observation[seen.up] === 1) turn = move.up;
          if (observation[seen.down] === 1) turn = move.down;
          return oneHot(observation[seen.junction] === 1 ? turn : move.right, 4);
        };
      },
    };
  }

  memoryless(): Agent {
    return turnUnseen();
  }

  scene(): GridScene {
    const cue = this.#cues.get(this.time);
    const end = this.#length;
    const cells: GridCell[] = [
      { x: end, y: 0, kind: 'goal', variant: this.#goal === 0 ? 1 : 0 },
      { x: end, y: 2, kind: 'goal', variant: this.#goal === 1 ? 1 : 0 },
    ];
    const caption = cue === undefined ? '' : `cue: ${cue === 0 ? 'up' : 'down'}`;
    if (caption !== '')
      cells.push({ x: this.registers[0]!, y: 1, kind: 'cue', variant: cue!, label: caption });
    const agent = { x: this.registers[0]!, y: 1 };
    return { kind: 'grid', width: end + 1, height: 3, cells, agent, caption };
  }
}
