import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFolder, nammCheckpoints } from '@namm/models';
import { afterAll, expect, it } from 'vitest';
import { choosePolicy, type PolicyChoice } from './choose-policy.js';

const temporary = mkdtempSync(join(tmpdir(), 'namm-choose-policy-'));
afterAll(() => rmSync(temporary, { recursive: true }));
const folder = modelFolder('nano-llama');
const checkpoint = nammCheckpoints('nano-llama')[0]!;
const named = async (choice: Omit<PolicyChoice, 'seed'>) =>
  (await choosePolicy({ seed: 1, ...choice })).name;

it('takes a classic policy, a NAMM, a taught scorer, or one of a module', async () => {
  const file = join(temporary, 'mine.mjs');
  writeFileSync(
    file,
    `export const mine = ({ budget }) => ({ name: \`mine \${budget}\`, probe: { kind: 'none' }, start() {} });`,
  );
  expect(await named({})).toBe('full');
  expect(await named({ policy: 'h2o', budget: '64' })).toBe('h2o');
  expect(await named({ policy: 'namm', checkpoint })).toBe('namm');
  expect(await named({ policy: 'taught', folder })).toBe('taught');
  expect(await named({ policy: `${file}#mine`, budget: '9' })).toBe('mine.mjs#mine');
});

it('takes the scorer that was taught on the model when only a budget is given', async () => {
  expect(await named({ budget: '64', folder })).toBe('taught');
  await expect(named({ budget: '64' })).rejects.toThrow("--budget: the policy 'full'");
});

it('gives random eviction its seed', async () => {
  const { settings } = await choosePolicy({ policy: 'random', budget: '64', seed: 7 });
  expect(settings).toMatchObject({ scorer: { seed: 7 } });
});

it.each<[string, Omit<PolicyChoice, 'seed'>, RegExp]>([
  ['a name that is none', { policy: 'magic' }, /--policy: 'magic' is none of full.*FILE\.js#NAME/],
  ['a NAMM without its file', { policy: 'namm' }, /--policy: 'namm' needs a --checkpoint/],
  [
    'a file without its policy',
    { policy: 'h2o', checkpoint },
    /--checkpoint: only --policy namm and taught have one, not 'h2o'/,
  ],
  ['a scorer that there is not', { policy: 'taught' }, /needs a --checkpoint/],
  ['a limit for what keeps everything', { policy: 'full', budget: '9' }, /--budget: .*everything/],
])('refuses %s', async (_, choice, message) => {
  await expect(named(choice)).rejects.toThrow(message);
});
