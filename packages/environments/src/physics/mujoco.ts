import { NammError } from '@namm/core';

/** Memory of MuJoCo. Reading a property gives a fresh view; a view of before an allocation may be empty. */
export interface MujocoModel {
  readonly nq: number;
  readonly nv: number;
  readonly nu: number;
  readonly nbody: number;
  readonly ngeom: number;
  readonly body_mass: Float64Array;
  readonly body_inertia: Float64Array;
  readonly geom_friction: Float64Array;
  readonly geom_size: Float64Array;
  readonly actuator_gear: Float64Array;
  delete(): void;
}

export interface MujocoData {
  time: number;
  readonly qpos: Float64Array;
  readonly qvel: Float64Array;
  readonly ctrl: Float64Array;
  readonly qacc_warmstart: Float64Array;
  /** Three numbers a geom: its centre. */
  readonly geom_xpos: Float64Array;
  /** Nine numbers a geom: its axes as the columns of a matrix, row by row. */
  readonly geom_xmat: Float64Array;
  delete(): void;
}

/** The part of MuJoCo that this package uses, with types (its own declarations do not compile). */
export interface Mujoco {
  readonly MjModel: { from_xml_string(xml: string): MujocoModel | null };
  readonly MjData: new (model: MujocoModel) => MujocoData;
  mj_step(model: MujocoModel, data: MujocoData): void;
  mj_forward(model: MujocoModel, data: MujocoData): void;
  mj_resetData(model: MujocoModel, data: MujocoData): void;
  mj_setConst(model: MujocoModel, data: MujocoData): void;
}

/** The release whose physics this package was checked with; contacts and integrators change between releases. */
export const mujocoVersion = '3.14.0';

let loading: Promise<Mujoco> | null = null;

/**
 * MuJoCo, loaded once per thread.
 *
 * @throws {NammError} `MISSING_PACKAGE` when `@mujoco/mujoco` is not installed
 */
export function loadMujoco(): Promise<Mujoco> {
  loading ??= (async () => {
    let load: () => Promise<Mujoco>;
    try {
      load = ((await import('@mujoco/mujoco')) as unknown as { default: () => Promise<Mujoco> })
        .default;
    } catch (cause) {
      const command = `npm install @mujoco/mujoco@${mujocoVersion}`;
      throw new NammError('MISSING_PACKAGE', `Physics needs MuJoCo: ${command}`, { cause });
    }
    return load();
  })();
  return loading;
}
