import { checkInteger, checkNames } from '@namm/core';
import type { Agent } from '../contracts/agent.js';
import type { GridCell, GridScene } from '../contracts/scene.js';
import { purpose } from '../purpose.js';
import { oneHot } from './one-hot.js';
import { TaskBase } from './task-base.js';

export interface VisualMatchOptions {
  /** Steps among the apples, between seeing the colour and having to find it. */
  readonly length: number;
  /** Steps during which the colour is seen. @defaultValue 5 */
  readonly cueSteps?: number;
  /** Steps to reach the pad. @defaultValue 12 */
  readonly matchSteps?: number;
}

const width = 7;
const height = 5;
const view = 2; // cells seen to each side
const side = 2 * view + 1;
const colours = 3;
const channels = 2 + colours; // wall, apple, colours
const directions = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
] as const; // up, right, down, left
const home = { x: 3, y: 2 }; // from where all pads are in sight
const pads = [1, 3, 5]; // columns, in row 0
const apples = 3;

/**
 * A room of 7 × 5 cells seen through a window of 5 × 5 around the agent. First it stands before a coloured
 * pad; then it may wander among apples, which are worth nothing and grow anew; at last it stands at the
 * bottom of the room with three pads at its top, in an order drawn anew. Reward 1 for stepping on the pad of
 * the first colour, 0 for another; both end the episode.
 *
 * Observation: 25 cells row by row, each: wall, apple, three colours. Actions: up, right, down, left.
 */
export class VisualMatch extends TaskBase {
  readonly name = 'visual-match';
  readonly observationSize = side * side * channels;
  readonly actionSize = 4;
  readonly horizon: number;
  readonly bestReturn = 1;
  readonly memorylessReturn = 1 / colours;
  readonly #cueSteps: number;
  readonly #matchFrom: number;
  #colour = 0;
  #order: readonly number[] = [];

  /** @throws {InvalidArgumentError} naming the option that is wrong or unknown */
  constructor(options: VisualMatchOptions) {
    super(3 + apples); // x, y, apples grown so far, the cell of each apple
    const names = ['length', 'cueSteps', 'matchSteps'] as const;
    const { length, cueSteps = 5, matchSteps = 12 } = checkNames('VisualMatch', options, names);
    checkInteger('length', length, 1);
    checkInteger('cueSteps', cueSteps, 1);
    checkInteger('matchSteps', matchSteps, 6); // the way to the farthest pad
    this.#cueSteps = cueSteps;
    this.#matchFrom = cueSteps + length;
    this.horizon = this.#matchFrom + matchSteps;
  }

  protected limits(): [number, number][] {
    const cells = Array.from({ length: apples }, (): [number, number] => [0, width * height - 1]);
    return [[0, width - 1], [0, height - 1], [0, this.horizon + apples], ...cells];
  }

  protected draw(): void {
    const random = this.random(purpose.cue);
    this.#colour = random.integer(colours);
    this.#order = random.shuffled([0, 1, 2]);
  }

  protected begin(): void {
    this.registers.fill(0);
    this.#place(home.x, 1);
    for (let i = 0; i < apples; i++) this.#grow(i);
  }

  get #phase(): 'cue' | 'apples' | 'match' {
    if (this.time < this.#cueSteps) return 'cue';
    return this.time < this.#matchFrom ? 'apples' : 'match';
  }

  #place(x: number, y: number): void {
    this.registers[0] = x;
    this.registers[1] = y;
  }

  /** An apple comes up in a free cell. */
  #grow(apple: number): void {
    const random = this.random(purpose.places, this.registers[2]!++);
    const taken = [...this.registers.subarray(3), this.registers[0]! + width * this.registers[1]!];
    let cell = random.integer(width * height);
    while (taken.includes(cell)) cell = random.integer(width * height);
    this.registers[3 + apple] = cell;
  }

  /** What stands in a cell: a channel of the observation, or −1 for floor. */
  #at(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    if (this.#phase === 'cue') return x === home.x && y === 0 ? 2 + this.#colour : -1;
    if (this.#phase === 'apples') {
      return this.registers.subarray(3).includes(x + width * y) ? 1 : -1;
    }
    const pad = y === 0 ? pads.indexOf(x) : -1;
    return pad < 0 ? -1 : 2 + this.#order[pad]!;
  }

  protected observe(observation: Float32Array): void {
    const [x0, y0] = [this.registers[0]!, this.registers[1]!];
    for (let i = 0; i < side * side; i++) {
      const channel = this.#at(x0 + (i % side) - view, y0 + Math.floor(i / side) - view);
      if (channel >= 0) observation[i * channels + channel] = 1;
    }
  }

  protected play(action: number): { reward: number; terminated: boolean } {
    let result = { reward: 0, terminated: false };
    const [dx, dy] = directions[action]!;
    const x = Math.min(width - 1, Math.max(0, this.registers[0]! + dx));
    const y = Math.min(height - 1, Math.max(0, this.registers[1]! + dy));
    const phase = this.#phase;
    if (phase !== 'cue') {
      const channel = this.#at(x, y);
      this.#place(x, y);
      if (phase === 'apples' && channel === 1) {
        this.#grow(this.registers.subarray(3).indexOf(x + width * y));
      }
      if (phase === 'match' && channel >= 2) {
        result = { reward: channel === 2 + this.#colour ? 1 : 0, terminated: true };
      }
    }
    if (this.time + 1 === this.#matchFrom) this.#place(home.x, height - 1);
    return result;
  }

  /** Eats the nearest apple in sight, else goes where all pads would be in sight, else to the pad of a colour. */
  #agent(name: string, remembers: boolean): Agent {
    return {
      name,
      begin() {
        let wanted = 0;
        return (observation) => {
          const { x, y, nearest, padAt } = look(observation);
          const cue = padAt.findIndex((pad) => pad !== null);
          const seen = padAt.filter((pad) => pad !== null).length;
          if (seen === 1 && remembers) wanted = cue;
          // With three pads in sight, or two on the way to one of them, it is time to choose.
          const target = seen >= 2 ? padAt[wanted]! : nearest;
          const [dx, dy] = target ?? [home.x - x, home.y - y];
          // sideways first, so that no other pad is stepped on
          if (dx !== 0) return oneHot(dx > 0 ? 1 : 3, 4);
          return oneHot(dy > 0 ? 2 : 0, 4);
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
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const channel = this.#at(x, y);
        if (channel === 1) cells.push({ x, y, kind: 'apple' });
        if (channel >= 2) cells.push({ x, y, kind: 'goal', variant: channel - 2 });
      }
    }
    const agent = { x: this.registers[0]!, y: this.registers[1]! };
    const caption = `${this.#phase}; colour ${this.#colour}`;
    return { kind: 'grid', width, height, cells, agent, caption };
  }
}

/** What an agent makes of its window: where it stands, the way to the nearest apple and to each pad. */
function look(observation: Float32Array) {
  const seen = (dx: number, dy: number, channel: number) =>
    observation[((dy + view) * side + dx + view) * channels + channel] === 1;
  // Walls are seen up to two cells away; without any it stands in the middle of that direction.
  const wall = (dx: number, dy: number) =>
    [1, 2].find((distance) => seen(dx * distance, dy * distance, 0)) ?? null;
  const [left, right, up, down] = [wall(-1, 0), wall(1, 0), wall(0, -1), wall(0, 1)];
  const x = left !== null ? left - 1 : right !== null ? width - right : home.x;
  const y = up !== null ? up - 1 : down !== null ? height - down : home.y;
  let nearest: [number, number] | null = null;
  const padAt: ([number, number] | null)[] = Array(colours).fill(null);
  for (let dy = -view; dy <= view; dy++) {
    for (let dx = -view; dx <= view; dx++) {
      const distance = Math.abs(dx) + Math.abs(dy);
      const nearer = nearest === null || distance < Math.abs(nearest[0]) + Math.abs(nearest[1]);
      if (seen(dx, dy, 1) && nearer) nearest = [dx, dy];
      for (let c = 0; c < colours; c++) if (seen(dx, dy, 2 + c)) padAt[c] = [dx, dy];
    }
  }
  return { x, y, nearest, padAt };
}
