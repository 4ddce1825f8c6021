import { checkChoice, checkInteger, checkNames, InvalidArgumentError, Random } from '@namm/core';
import { checkAction } from '../check-action.js';
import type { Environment, Transition } from '../contracts/environment.js';
import type { BodiesScene, Capsule } from '../contracts/scene.js';
import { EnvironmentError } from '../environment-error.js';
import { purpose } from '../purpose.js';
import type { Body } from './body.js';
import { loadMujoco, type Mujoco, type MujocoData, type MujocoModel } from './mujoco.js';

/** Factors drawn anew for each episode, uniform between two bounds, and seen in no observation. */
export interface HiddenFactors {
  /** Of all masses and inertias. */
  readonly mass?: readonly [low: number, high: number];
  /** Of the friction of all geoms. */
  readonly friction?: readonly [low: number, high: number];
  /** Of the strength of all motors. */
  readonly strength?: readonly [low: number, high: number];
}

export interface PhysicsOptions {
  /** 'masked' leaves velocities out, so that they have to be remembered from positions. @defaultValue 'seen' */
  readonly velocities?: 'seen' | 'masked';
  /** @defaultValue none: every episode has the body as it is */
  readonly hidden?: HiddenFactors;
  /** Steps after which an episode is cut off. @defaultValue 1000, as in D4RL */
  readonly horizon?: number;
}

/** Beyond this a state is not physics any more: the episode has failed. */
const hugeState = 1e6;
const factorNames = ['mass', 'friction', 'strength'] as const;

/**
 * A body in MuJoCo that is rewarded for running forwards, with the rules of the environments from which D4RL
 * was collected: observations without the x position, rewards from its change, ends of episodes.
 */
export class PhysicsEnvironment implements Environment {
  readonly name: string;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly actions = 'continuous';
  readonly horizon: number;
  readonly #body: Body;
  readonly #masked: boolean;
  readonly #hidden: HiddenFactors | null;
  readonly #mujoco: Mujoco;
  readonly #model: MujocoModel;
  readonly #data: MujocoData;
  /** The body as its XML has it. */
  readonly #plain: {
    masses: Float64Array;
    inertias: Float64Array;
    frictions: Float64Array;
    gears: Float64Array;
  };
  #time = 0;
  #seed = 0;
  #phase: 'new' | 'running' | 'over' | 'released' = 'new';

  private constructor(body: Body, options: PhysicsOptions, mujoco: Mujoco, model: MujocoModel) {
    const { velocities = 'seen', hidden = null, horizon = 1000 } = options;
    this.horizon = horizon;
    this.#body = body;
    this.#masked = velocities === 'masked';
    this.#hidden = hidden;
    this.name = `${this.#masked ? 'masked-' : ''}${hidden ? 'hidden-' : ''}${body.name}`;
    this.#mujoco = mujoco;
    this.#model = model;
    this.#data = new mujoco.MjData(model);
    this.observationSize = model.nq - 1 + (this.#masked ? 0 : model.nv);
    this.actionSize = model.nu;
    this.#plain = {
      masses: model.body_mass.slice(),
      inertias: model.body_inertia.slice(),
      frictions: model.geom_friction.slice(),
      gears: model.actuator_gear.slice(),
    };
  }

  /**
   * @param body one of this package, or the user's own
   * @throws {InvalidArgumentError} naming the option that is wrong or unknown
   * @throws {EnvironmentError} when MuJoCo cannot load the XML, with what it says
   * @throws {NammError} `MISSING_PACKAGE` when `@mujoco/mujoco` is not installed
   *
   * @example
   * ```ts
   * const environment = await PhysicsEnvironment.load(hopper, { velocities: 'masked' });
   * ```
   */
  static async load(body: Body, options: PhysicsOptions = {}): Promise<PhysicsEnvironment> {
    checkNames('PhysicsEnvironment', options, ['velocities', 'hidden', 'horizon']);
    checkChoice('velocities', options.velocities ?? 'seen', ['seen', 'masked']);
    if (options.hidden !== undefined) checkFactors(options.hidden);
    if (options.horizon !== undefined) checkInteger('horizon', options.horizon, 1);
    const mujoco = await loadMujoco();
    let model: MujocoModel | null;
    try {
      model = mujoco.MjModel.from_xml_string(body.xml);
    } catch (cause) {
      const problem = `MuJoCo cannot load its XML: ${(cause as Error).message.trim()}`;
      throw new EnvironmentError(body.name, problem, { cause });
    }
    if (!model) throw new EnvironmentError(body.name, 'MuJoCo cannot load its XML');
    if (model.nq !== model.nv || model.nq < 3 || model.nu < 1) {
      const counts = `${model.nq} positions, ${model.nv} velocities, ${model.nu} motors`;
      model.delete();
      const problem = `its XML has ${counts}; needed are x, z and pitch first, one velocity each, a motor`;
      throw new EnvironmentError(body.name, problem);
    }
    return new PhysicsEnvironment(body, options, mujoco, model);
  }

  reset(seed: number): Float32Array {
    this.#checkUsable();
    const random = new Random(seed, purpose.reset);
    this.#seed = seed;
    this.#time = 0;
    this.#drawHidden();
    this.#mujoco.mj_resetData(this.#model, this.#data);
    const { positions, velocities, normalVelocities } = this.#body.resetNoise;
    const uniform = () => 2 * random.uniform() - 1;
    const { qpos, qvel } = this.#data;
    for (let i = 0; i < qpos.length; i++) qpos[i]! += positions * uniform();
    for (let i = 0; i < qvel.length; i++) {
      qvel[i]! += velocities * (normalVelocities ? random.normal() : uniform());
    }
    this.#mujoco.mj_forward(this.#model, this.#data);
    this.#phase = 'running';
    return this.#observation();
  }

  step(action: ArrayLike<number>): Transition {
    this.#checkUsable();
    if (this.#phase !== 'running') {
      const problem = this.#phase === 'new' ? 'was not reset' : 'is over';
      throw new EnvironmentError(this.name, `the episode ${problem}; call reset(seed) first`);
    }
    const done = checkAction(this, action);
    const carriedOut = Float32Array.from(done);
    const before = this.#data.qpos[0]!;
    const last = this.#observation();
    const timeBefore = this.#data.time;
    this.#data.ctrl.set(done);
    for (let i = 0; i < this.#body.frameSkip; i++) this.#mujoco.mj_step(this.#model, this.#data);
    this.#time++;
    const { qpos, qvel } = this.#data;
    const failure = failureOf(qpos, 'position') ?? failureOf(qvel, 'velocity');
    if (failure !== null) {
      this.#phase = 'over';
      const over = { reward: 0, terminated: true, truncated: false };
      return { ...over, observation: last, action: carriedOut, failure };
    }
    const { survivalReward, controlCost } = this.#body;
    const speed = (qpos[0]! - before) / (this.#data.time - timeBefore);
    let effort = 0;
    for (const value of done) effort += value * value;
    const terminated = !this.#body.healthy(qpos, qvel);
    const truncated = !terminated && this.#time >= this.horizon;
    if (terminated || truncated) this.#phase = 'over';
    const reward = speed + survivalReward - controlCost * effort;
    const observation = this.#observation();
    return { observation, action: carriedOut, reward, terminated, truncated, failure: null };
  }

  scene(): BodiesScene {
    this.#checkUsable();
    const { geom_size: sizes, ngeom } = this.#model;
    const { geom_xpos: centres, geom_xmat: axes, qpos } = this.#data;
    const capsules: Capsule[] = [];
    for (let geom = 1; geom < ngeom; geom++) {
      const [radius, half] = [sizes[3 * geom]!, sizes[3 * geom + 1]!];
      const [x, y] = [centres[3 * geom]!, centres[3 * geom + 2]!];
      // A capsule lies along the third axis of its geom: the last column of the matrix.
      const [dx, dy] = [half * axes[9 * geom + 2]!, half * axes[9 * geom + 8]!];
      capsules.push({ name: `${geom}`, from: [x - dx, y - dy], to: [x + dx, y + dy], radius });
    }
    return { kind: 'bodies', capsules, centre: [qpos[0]!, 1] };
  }

  save(): Float64Array {
    this.#checkUsable();
    const { time, qpos, qvel, qacc_warmstart } = this.#data;
    const over = this.#phase === 'over' ? 1 : 0;
    // The solver starts from the last accelerations, so these are part of the state.
    return Float64Array.of(this.#seed, this.#time, over, time, ...qpos, ...qvel, ...qacc_warmstart);
  }

  restore(state: Float64Array): Float32Array {
    this.#checkUsable();
    const { nq, nv } = this.#model;
    const [seed, steps, over, time] = state;
    const whole = Number.isSafeInteger(seed) && Number.isSafeInteger(steps);
    if (state.length !== 4 + nq + 2 * nv || !whole || !state.every(Number.isFinite)) {
      const problem = `its ${state.length} numbers are not a state of ${this.name}, which takes ${4 + nq + 2 * nv}`;
      throw new InvalidArgumentError('state', problem);
    }
    this.reset(seed!);
    this.#time = steps!;
    this.#data.time = time!;
    this.#data.qpos.set(state.subarray(4, 4 + nq));
    this.#data.qvel.set(state.subarray(4 + nq, 4 + nq + nv));
    this.#mujoco.mj_forward(this.#model, this.#data);
    this.#data.qacc_warmstart.set(state.subarray(4 + nq + nv));
    if (over === 1) this.#phase = 'over';
    return this.#observation();
  }

  release(): void {
    if (this.#phase === 'released') return;
    this.#phase = 'released';
    this.#data.delete();
    this.#model.delete();
  }

  #checkUsable(): void {
    if (this.#phase === 'released') throw new EnvironmentError(this.name, 'was released');
  }

  #drawHidden(): void {
    if (!this.#hidden) return;
    const random = new Random(this.#seed, purpose.hidden);
    const draw = (range: readonly [number, number] | undefined) => {
      const share = random.uniform(); // always drawn, so that each factor keeps its place in the random stream
      return range ? range[0] + share * (range[1] - range[0]) : 1;
    };
    const { mass, friction, strength } = this.#hidden;
    const [massFactor, frictionFactor, strengthFactor] = [
      draw(mass),
      draw(friction),
      draw(strength),
    ];
    const { masses, inertias, frictions, gears } = this.#plain;
    this.#model.body_mass.set(masses.map((value) => value * massFactor));
    this.#model.body_inertia.set(inertias.map((value) => value * massFactor));
    this.#model.geom_friction.set(frictions.map((value) => value * frictionFactor));
    this.#model.actuator_gear.set(gears.map((value) => value * strengthFactor));
    this.#mujoco.mj_setConst(this.#model, this.#data);
  }

  #observation(): Float32Array {
    // Views are fetched again: those from before another environment was made may be empty.
    const { qpos, qvel } = this.#data;
    const observation = new Float32Array(this.observationSize);
    observation.set(qpos.subarray(1));
    if (this.#masked) return observation;
    const limit = this.#body.velocityLimit;
    for (let i = 0; i < qvel.length; i++) {
      observation[qpos.length - 1 + i] = Math.min(limit, Math.max(-limit, qvel[i]!));
    }
    return observation;
  }
}

function failureOf(values: Float64Array, what: string): string | null {
  const index = values.findIndex((value) => !(Math.abs(value) <= hugeState));
  return index < 0 ? null : `the simulation broke down: ${what} ${index} is ${values[index]}`;
}

function checkFactors(hidden: HiddenFactors): void {
  checkNames('hidden', hidden, factorNames);
  for (const name of factorNames) {
    const range = hidden[name];
    if (range === undefined) continue;
    const [low, high] = range;
    if (range.length === 2 && low > 0 && low <= high && Number.isFinite(high)) continue;
    throw new InvalidArgumentError(
      `hidden.${name}`,
      `[${range}] are not two factors, the lower one first`,
    );
  }
}
