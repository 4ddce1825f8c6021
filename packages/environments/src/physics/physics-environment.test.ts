import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Environment } from '../contracts/environment.js';
import { createEnvironment } from '../create-environment.js';
import { randomAgent } from '../random-agent.js';
import { runEpisode } from '../run-episode.js';
import { summariseEpisodes } from '../summarise-episodes.js';
import { halfCheetah } from './half-cheetah.js';
import { hopper } from './hopper.js';
import { loadMujoco } from './mujoco.js';
import { PhysicsEnvironment, type PhysicsOptions } from './physics-environment.js';
import { walker2d } from './walker2d.js';

/** States of MuJoCo's C library under recorded controls. */
const recorded = JSON.parse(
  readFileSync(new URL('./__fixtures__/native-states.json', import.meta.url), 'utf8'),
) as {
  tolerance: number;
  bodies: Record<
    string,
    {
      masses: number[];
      start: { positions: number[]; velocities: number[] };
      controls: number[][];
      states: number[][];
    }
  >;
};

const made: Environment[] = [];
async function load(body = hopper, options: PhysicsOptions = {}) {
  const environment = await PhysicsEnvironment.load(body, options);
  made.push(environment);
  return environment;
}
afterEach(() => {
  for (const environment of made.splice(0)) environment.release();
});

describe.each([hopper, halfCheetah, walker2d])('$name', (body) => {
  const { masses, start, controls, states } = recorded.bodies[body.name]!;

  it('moves as in the C library', async () => {
    const environment = await load(body);
    const zeros = start.velocities.map(() => 0);
    environment.restore(
      Float64Array.of(0, 0, 0, 0, ...start.positions, ...start.velocities, ...zeros),
    );
    let x = start.positions[0]!;
    for (const [i, state] of states.entries()) {
      const { reward, observation } = environment.step(controls[i]!);
      const now = environment.save().subarray(4, 4 + state.length);
      expect(Math.max(...state.map((value, j) => Math.abs(value - now[j]!)))).toBeLessThan(
        recorded.tolerance,
      );
      const seconds = body === halfCheetah ? 0.05 : 0.008;
      const effort = controls[i]!.reduce((sum, value) => sum + value * value, 0);
      const survival = body === halfCheetah ? 0 : 1;
      const cost = body === halfCheetah ? 0.1 : 0.001;
      expect(reward).toBeCloseTo((state[0]! - x) / seconds + survival - cost * effort, 6);
      expect(observation[0]).toBeCloseTo(state[1]!, 6);
      x = state[0]!;
    }
  });

  it('has the masses of the C library', async () => {
    const { MjModel } = await loadMujoco();
    const model = MjModel.from_xml_string(body.xml)!;
    for (const [i, mass] of masses.entries()) expect(model.body_mass[i]).toBeCloseTo(mass, 12);
    model.delete();
  });

  it('is the same episode for the same seed, to the last bit', async () => {
    const [first, second] = [await load(body), await load(body)];
    const states = [first, second].map((environment) => {
      const rows: number[] = [];
      runEpisode(environment, randomAgent(environment), 11, (_, step) =>
        rows.push(step.reward, ...step.observation),
      );
      return rows;
    });
    expect(states[0]).toEqual(states[1]);
    expect(first.reset(1)).not.toEqual(first.reset(2));
  });

  it('goes on from a saved state, to the last bit', async () => {
    const [first, second] = [await load(body), await load(body)];
    first.reset(4);
    const act = randomAgent(first).begin(4);
    const gentle = () => Float32Array.from(act(new Float32Array(0), null), (x) => x / 5);
    for (let i = 0; i < 8; i++) first.step(gentle());
    second.restore(first.save());
    for (let i = 0; i < 8; i++) {
      const action = gentle();
      expect(second.step(action)).toEqual(first.step(action));
    }
    expect(second.save()).toEqual(first.save());
  });

  it('is drawn as capsules of the right length, above the ground', async () => {
    const environment = await load(body);
    environment.reset(0);
    const { capsules } = environment.scene();
    expect(capsules).toHaveLength(body === halfCheetah ? 8 : body === hopper ? 4 : 7);
    const thigh = capsules.find(({ name }) => name === '2')!;
    const length = Math.hypot(thigh.to[0] - thigh.from[0], thigh.to[1] - thigh.from[1]);
    expect(length).toBeCloseTo(body === halfCheetah ? 0.3 : 0.45, 6);
    for (const { from, to, radius } of capsules) {
      expect(Math.min(from[1], to[1]) - radius).toBeGreaterThan(-0.05);
    }
  });
});

describe('physics', () => {
  it('ends episodes of bodies that fall, and cuts others after 1,000 steps', async () => {
    const walker = await load(walker2d);
    const fallen = runEpisode(walker, randomAgent(walker), 0);
    expect(fallen.end).toBe('terminated');
    expect(fallen.length).toBeLessThan(200);
    const cheetah = await load(halfCheetah);
    expect(runEpisode(cheetah, randomAgent(cheetah), 0)).toMatchObject({
      end: 'truncated',
      length: 1000,
    });
  });

  it('cuts episodes where it is told to; up to there they are the same', async () => {
    const [whole, short] = [await load(halfCheetah), await load(halfCheetah, { horizon: 7 })];
    expect([whole.horizon, short.horizon]).toEqual([1000, 7]);
    for (const environment of [whole, short]) environment.reset(2);
    for (let step = 1; step <= 7; step++) {
      const expected = { ...whole.step([1, 0, 0, 1, 0, 0]), truncated: step === 7 };
      expect(short.step([1, 0, 0, 1, 0, 0])).toEqual(expected);
    }
    expect(() => short.step([1, 0, 0, 1, 0, 0])).toThrow(/over/);
    for (const horizon of [0, 1.5, Number.NaN]) {
      await expect(load(hopper, { horizon })).rejects.toThrow(/horizon/);
    }
  });

  it('cuts actions to their range before it counts their cost', async () => {
    const [first, second] = [await load(), await load()];
    first.reset(0);
    second.reset(0);
    const far = first.step([5, -7, 0.5]);
    expect([...far.action]).toEqual([1, -1, 0.5]);
    expect(far).toEqual(second.step([1, -1, 0.5]));
    expect(() => first.step([Number.NaN, 0, 0])).toThrow(/number 0 of hopper is NaN/);
  });

  it('masks velocities and leaves positions as they are', async () => {
    const [seen, masked] = [await load(), await load(hopper, { velocities: 'masked' })];
    expect(masked.observationSize).toBe(5);
    expect(masked.name).toBe('masked-hopper');
    expect(masked.reset(3)).toEqual(seen.reset(3).subarray(0, 5));
    expect(masked.step([1, 0, 0]).observation).toEqual(
      seen.step([1, 0, 0]).observation.subarray(0, 5),
    );
  });

  it('draws hidden factors anew for each seed, whatever was before', async () => {
    const hidden = { mass: [0.5, 2], friction: [0.5, 2], strength: [0.8, 1.2] } as const;
    const [first, second] = [await load(hopper, { hidden }), await load(hopper, { hidden })];
    const plain = await load();
    const after = (environment: Environment, seed: number) => {
      environment.reset(seed);
      for (let i = 0; i < 9; i++) environment.step([0.3, -0.2, 0.1]);
      return environment.step([0, 0, 0]).observation;
    };
    expect(after(first, 1)).not.toEqual(after(plain, 1));
    after(second, 2);
    expect(after(second, 1)).toEqual(after(first, 1)); // factors do not pile up
    const one = { mass: [1, 1], friction: [1, 1] } as const;
    expect(after(await load(hopper, { hidden: one }), 1)).toEqual(after(plain, 1));
  });

  it('ends and counts an episode whose simulation breaks down', async () => {
    const broken = {
      ...hopper,
      xml: hopper.xml.replace('gear="200"', 'gear="1e12"'),
      healthy: () => true,
    };
    const environment = await load(broken);
    const results = [0, 1].map((seed) => runEpisode(environment, randomAgent(environment), seed));
    for (const { end, failure } of results) {
      expect(end).toBe('failed');
      expect(failure).toMatch(/broke down: (position|velocity) \d is/);
    }
    const sound = await load();
    const third = runEpisode(sound, randomAgent(sound), 0);
    expect(summariseEpisodes([...results, third])).toMatchObject({
      episodes: 3,
      failed: 2,
      meanReturn: third.return,
    });
    expect(summariseEpisodes(results).meanReturn).toBeNull();
    expect(() => environment.step([0, 0, 0])).toThrow(/is over/);
    expect(environment.reset(0).every(Number.isFinite)).toBe(true);
  });

  it('names what MuJoCo has against an XML', async () => {
    const load = (xml: string) => PhysicsEnvironment.load({ ...hopper, name: 'mine', xml });
    await expect(load('<mujoco><foo/></mujoco>')).rejects.toThrow(/mine: .*unrecognized element/s);
    await expect(load('')).rejects.toMatchObject({ code: 'ENVIRONMENT' });
    const free = '<body><freejoint/><geom size="1"/></body>';
    await expect(load(`<mujoco><worldbody>${free}</worldbody></mujoco>`)).rejects.toThrow(
      /7 positions, 6 velocities, 0 motors/,
    );
  });

  it('keeps many side by side: memory that grows leaves older ones as they are', async () => {
    const first = await load();
    const alone = await load();
    first.reset(0);
    alone.reset(0);
    for (let i = 0; i < 5; i++) alone.step([0.1, 0.1, 0.1]);
    const { MjModel, MjData } = await loadMujoco();
    // As large as MuJoCo makes them by itself, so that its memory has to grow.
    const model = MjModel.from_xml_string(hopper.xml.replace('<size memory="1M"/>', ''))!;
    const large = Array.from({ length: 20 }, () => new MjData(model));
    let last: unknown;
    for (let i = 0; i < 5; i++) last = first.step([0.1, 0.1, 0.1]);
    expect(first.save()).toEqual(alone.save());
    expect(last).toBeDefined();
    for (const data of large) data.delete();
    model.delete();
  });

  it('refuses options it does not know, and use after release', async () => {
    await expect(
      createEnvironment({ name: 'hopper', velocity: 'masked' } as never),
    ).rejects.toThrow(/velocity/);
    await expect(load(hopper, { hidden: { mass: [2, 1] } })).rejects.toThrow(/hidden.mass/);
    await expect(load(hopper, { hidden: { weight: [1, 2] } as never })).rejects.toThrow(/weight/);
    const environment = await PhysicsEnvironment.load(hopper);
    expect(() => environment.step([0, 0, 0])).toThrow(/was not reset/);
    environment.reset(0);
    expect(() => environment.restore(new Float64Array(3))).toThrow(
      /3 numbers are not a state of hopper/,
    );
    environment.release();
    environment.release();
    expect(() => environment.reset(0)).toThrow(/was released/);
  });
});
