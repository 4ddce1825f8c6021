import { expect, it } from 'vitest';
import { setUpMeasure } from './set-up-measure.js';

const setup = setUpMeasure('presses');
const { commands } = setup;

it('reads prompts under each press, and answers them', async () => {
  const small = ['presses', '--layers', '1', '--vocabulary', '256', '--length', '40'];
  const few = [...small, '--decode-tokens', '3', '--rounds', '2', '--work', setup.folder];
  const json = await commands.run([...few, '--json']);
  const table = await commands.run(few);
  const lonely = await commands.run([...few, '--python', 'no-such-python']);
  const { rows, peer } = JSON.parse(json.stdout);
  expect(peer).toBeNull();
  expect(rows.map(({ press, share }: { press: string; share: number }) => [press, share])).toEqual([
    ...[[null, 1]],
    ...['snapkv', 'keydiff', 'kvzip'].flatMap((press) =>
      [0.5, 0.25].map((share) => [press, share]),
    ),
  ]);
  for (const { ours } of rows) {
    expect(ours).toHaveLength(2);
    for (const { read, answer, tokens } of ours) {
      expect(Math.min(read, answer)).toBeGreaterThan(0);
      expect(tokens).toHaveLength(3);
    }
  }
  expect(table.stdout).toMatch(/^\| kvzip 25 % /m);
  expect(table.stderr).toMatch(/^prompt 2, kvzip 25 %: [\d.]+ \+ [\d.]+ s$/m); // as soon as it is known
  expect(lonely.status).not.toBe(0);
  expect(lonely.stderr).toMatch(/no-such-python .*kvpress_prompts\.py could not run/);
});
