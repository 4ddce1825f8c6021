import { InvalidArgumentError, Random } from '@namm/core';
import { checkAction } from '../check-action.js';
import type { Agent } from '../contracts/agent.js';
import type { Transition } from '../contracts/environment.js';
import type { MemoryTask } from '../contracts/memory-task.js';
import type { GridScene } from '../contracts/scene.js';
import { EnvironmentError } from '../environment-error.js';

/**
 * What the memory tasks share: time, the order of calls, saved states. What is random about an episode
 * follows from its seed, so that a state is a few numbers however long the episode.
 */
export abstract class TaskBase implements MemoryTask {
  abstract readonly name: string;
  abstract readonly observationSize: number;
  abstract readonly actionSize: number;
  abstract readonly horizon: number;
  abstract readonly bestReturn: number;
  abstract readonly memorylessReturn: number;
  readonly actions = 'discrete';
  /** What an episode has changed so far, as the task numbers it. */
  protected readonly registers: Float64Array;
  protected seed = 0;
  protected time = 0;
  #phase: 'new' | 'running' | 'over' = 'new';

  constructor(registers: number) {
    this.registers = new Float64Array(registers);
  }

  abstract oracle(): Agent;
  abstract memoryless(): Agent;
  abstract scene(): GridScene;
  /** The least and the greatest whole number that each register may hold. */
  protected abstract limits(): readonly (readonly [number, number])[];
  /** Draws what is random about the whole episode; also called by `restore`, so it touches no register. */
  protected abstract draw(): void;
  /** Sets the registers to the beginning of an episode. */
  protected abstract begin(): void;
  /** Fills in what is seen at `time`. */
  protected abstract observe(observation: Float32Array): void;
  /** Does an action; called before `time` moves on. */
  protected abstract play(action: number): { reward: number; terminated: boolean };

  /** Random numbers of this episode for one purpose, at one time where that matters. */
  protected random(forWhat: number, time = 0): Random {
    return new Random(this.seed, forWhat, time);
  }

  reset(seed: number): Float32Array {
    new Random(seed); // checks it
    this.seed = seed;
    this.time = 0;
    this.#phase = 'running';
    this.draw();
    this.begin();
    return this.#observation();
  }

  step(action: ArrayLike<number>): Transition {
    if (this.#phase !== 'running') {
      const problem = this.#phase === 'new' ? 'was not reset' : 'is over';
      throw new EnvironmentError(this.name, `the episode ${problem}; call reset(seed) first`);
    }
    const done = checkAction(this, action);
    const { reward, terminated } = this.play(done.indexOf(1));
    this.time++;
    const truncated = !terminated && this.time >= this.horizon;
    if (terminated || truncated) this.#phase = 'over';
    const observation = this.#observation();
    const carriedOut = Float32Array.from(done);
    return { observation, action: carriedOut, reward, terminated, truncated, failure: null };
  }

  save(): Float64Array {
    const over = this.#phase === 'over' ? 1 : 0;
    return Float64Array.of(this.seed, this.time, over, ...this.registers);
  }

  restore(state: Float64Array): Float32Array {
    const [seed, time, over, ...registers] = state;
    const fits =
      registers.length === this.registers.length &&
      Number.isSafeInteger(time) &&
      time! >= 0 &&
      time! <= this.horizon &&
      (over === 0 || over === 1) &&
      this.limits().every(([low, high], i) => {
        const value = registers[i]!;
        return Number.isInteger(value) && value >= low && value <= high;
      });
    if (!fits) {
      const problem = `its ${state.length} numbers are not a state of ${this.name} with these settings`;
      throw new InvalidArgumentError('state', problem);
    }
    new Random(seed!);
    this.seed = seed!;
    this.time = time!;
    this.#phase = over === 1 ? 'over' : 'running';
    this.draw();
    this.registers.set(registers);
    return this.#observation();
  }

  release(): void {}

  #observation(): Float32Array {
    const observation = new Float32Array(this.observationSize);
    this.observe(observation);
    return observation;
  }
}
