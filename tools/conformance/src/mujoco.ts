import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { halfCheetah, hopper, PhysicsEnvironment, walker2d } from '@namm/environments';
import type { ConformanceKind } from './conformance-kind.js';
import { largestDifference } from './largest-difference.js';

/** The file of a body's states, and the height at which it starts. */
const cases = {
  'refc_hopper.txt': { body: hopper, height: 1.25 },
  // Without a contact margin, where the two releases agree by themselves.
  'refc_hopper_m0.txt': {
    body: { ...hopper, xml: hopper.xml.replace('margin="0.0005"', 'margin="0"') },
    height: 1.25,
  },
  'refc_walker2d.txt': { body: walker2d, height: 1.25 },
  'refc_half_cheetah.txt': { body: halfCheetah, height: 0 },
};

/** Contacts are chaotic: the half cheetah is off by 1e-4 after 100 steps, by rounding alone. */
const steps = 20;
const tolerance = 1e-9;

const casesIn = async (folder: string) =>
  (await readdir(folder)).filter((file): file is keyof typeof cases => file in cases).sort();

/** Positions and velocities of the bodies, against those of MuJoCo's C library under the same controls. */
export const mujoco: ConformanceKind = {
  name: 'mujoco',
  recognises: async (folder) => (await casesIn(folder)).length > 0,
  async *run(folder) {
    for (const file of await casesIn(folder)) {
      const { body, height } = cases[file];
      const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n').slice(1);
      const environment = await PhysicsEnvironment.load(body);
      const error = difference(environment, lines, height);
      environment.release();
      const name = `${basename(file, '.txt')}, ${steps} steps`;
      yield { kind: 'mujoco', name, error, tolerance, ok: error <= tolerance };
    }
  },
};

function difference(environment: PhysicsEnvironment, lines: readonly string[], height: number) {
  const states = lines.slice(0, steps).map((line) => line.split(' ').slice(1).map(Number));
  const size = states[0]!.length / 2;
  const positions = Array.from({ length: size }, (_, i) => {
    return (i === 1 ? height : 0) + (0.005 * (((i * 37) % 11) - 5)) / 5;
  });
  const velocities = Array.from({ length: size }, (_, i) => (0.005 * (((i * 53) % 13) - 6)) / 6);
  const zeros = Array(size).fill(0);
  environment.restore(Float64Array.of(0, 0, 0, 0, ...positions, ...velocities, ...zeros));
  let state = 12_345n;
  let error = states.length < steps ? Number.POSITIVE_INFINITY : 0;
  for (const expected of states) {
    const controls = Array.from({ length: environment.actionSize }, () => {
      state = (state * 1_103_515_245n + 12_345n) % 2n ** 31n;
      return (2 * Number(state)) / 2 ** 31 - 1;
    });
    environment.step(controls);
    const reached = environment.save().subarray(4, 4 + 2 * size);
    error = Math.max(error, largestDifference(reached, expected));
  }
  return error;
}
