import h5wasm from 'h5wasm/node';

export const observationSize = 3;
export const actionSize = 2;
/** Lengths and ends of the episodes of a look-alike. */
export const episodes = [
  { length: 5, end: 'terminated' },
  { length: 1, end: 'truncated' },
  { length: 700, end: 'truncated' },
  { length: 3, end: 'cut' },
] as const;
export const steps = episodes.reduce((sum, { length }) => sum + length, 0);

/** A number for each place, so that a reader which takes the wrong row or column is seen. */
export const observation = (row: number, column: number) => Math.sin(row) + 10 * column;
export const action = (row: number, column: number) => Math.cos(row + column);
export const reward = (row: number) => row / 8;

const table = (rows: number, columns: number, value: (row: number, column: number) => number) =>
  Float32Array.from({ length: rows * columns }, (_, i) =>
    value(Math.floor(i / columns), i % columns),
  );

export interface Damage {
  /** Keys left out. */
  readonly without?: readonly string[];
  /** A row of observations with NaN in it. */
  readonly nanAt?: number;
  /** Rows of actions, where they are not as many as steps. */
  readonly actionRows?: number;
  readonly noEnds?: boolean;
}

/** A file like those of D4RL: compressed in chunks, flags as bytes. */
export async function writeD4rlLookAlike(path: string, damage: Damage = {}): Promise<void> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'w');
  const terminals = new Int8Array(steps);
  const timeouts = new Int8Array(steps);
  let end = 0;
  for (const episode of episodes) {
    end += episode.length;
    if (episode.end === 'terminated') terminals[end - 1] = 1;
    if (episode.end === 'truncated') timeouts[end - 1] = 1;
  }
  if (damage.noEnds) for (const flags of [terminals, timeouts]) flags.fill(0);
  const actionRows = damage.actionRows ?? steps;
  const observations = table(steps, observationSize, observation);
  if (damage.nanAt !== undefined) observations[damage.nanAt * observationSize + 1] = Number.NaN;
  const arrays: [string, Float32Array | Int8Array, number[], number[]][] = [
    ['observations', observations, [steps, observationSize], [64, observationSize]],
    ['actions', table(actionRows, actionSize, action), [actionRows, actionSize], [50, actionSize]],
    ['rewards', Float32Array.from({ length: steps }, (_, row) => reward(row)), [steps], [100]],
    ['terminals', terminals, [steps], [100]],
    ['timeouts', timeouts, [steps], [100]],
  ];
  for (const [name, data, shape, chunks] of arrays) {
    if (damage.without?.includes(name)) continue;
    file.create_dataset({ name, data, shape, chunks, compression: 4 });
  }
  file.create_group('metadata');
  file.close();
}

/** A file like Minari's `main_data.hdf5`: a group an episode, one observation more than actions. */
export async function writeMinariLookAlike(
  path: string,
  change: (group: string, array: string) => number[] | 'leave out' | null = () => null,
): Promise<void> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'w');
  file.create_attribute('total_episodes', episodes.length);
  let first = 0;
  // Not in order, as names in a file are sorted as text: episode_10 comes before episode_2.
  for (const [i, { length, end }] of episodes.entries()) {
    const name = `episode_${i * 7}`;
    const group = file.create_group(name);
    const last = (on: boolean) =>
      Int8Array.from({ length }, (_, row) => Number(on && row === length - 1));
    const from = first;
    const arrays: [string, Float32Array | Float64Array | Int8Array, number[]][] = [
      [
        'observations',
        Float64Array.from(table(length + 1, observationSize, (r, c) => observation(from + r, c))),
        [length + 1, observationSize],
      ],
      ['actions', table(length, actionSize, (r, c) => action(from + r, c)), [length, actionSize]],
      ['rewards', Float64Array.from({ length }, (_, row) => reward(from + row)), [length]],
      ['terminations', last(end === 'terminated'), [length]],
      ['truncations', last(end === 'truncated'), [length]],
    ];
    for (const [array, data, shape] of arrays) {
      const changed = change(name, array);
      if (changed === 'leave out') continue;
      group.create_dataset({ name: array, data, shape: changed ?? shape });
    }
    first += length;
  }
  file.close();
}
