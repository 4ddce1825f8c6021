import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { modelFolder, nammCheckpoints } from '@namm/models';
import { findChromium, openPage } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-bench-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const story = 'Alice has pet falcon. Bruno has pet otter. The river runs to the sea. '.repeat(8);
const rows = ['Alice', 'Bruno', 'Alice'].map((name, i) => ({
  ...{ input: `What pet has ${name}?`, context: story, answers: [i === 1 ? 'otter' : 'falcon'] },
  ...{ length: 112, dataset: 'hotpotqa', language: 'en', all_classes: null, _id: String(i) },
}));

beforeAll(() => {
  mkdirSync(join(folder, 'repository/config'), { recursive: true });
  mkdirSync(join(folder, 'data'));
  const prompts = { hotpotqa: 'Read this.\n{context}\nQuestion: {input}\nAnswer:' };
  writeFileSync(join(folder, 'repository/config/dataset2prompt.json'), JSON.stringify(prompts));
  const lines = [...rows.map((row) => JSON.stringify(row)), '{"input": "no context"}'];
  writeFileSync(join(folder, 'data/hotpotqa.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(
    join(folder, 'run.yaml'),
    `model: ${modelFolder('nano-llama')}
benchmarks:
  - { name: nanobench, lengths: [512], samples: 1, tasks: [key-value, votes] }
  - { name: ruler, lengths: [512], samples: 1, tasks: [niah_single_1, niah_multikey_1, fwe] }
  - { name: longbench, data: ${join(folder, 'data')}, repository: ${join(folder, 'repository')} }
policies: [h2o, l2, snapkv, kvzip]
budgets: [25%]
namm: ${nammCheckpoints('nano-llama')[0]}
ropeFactor: 16
maxNewTokens: 2
`,
  );
});

const args = (out: string) => [
  cli,
  'run',
  '--config',
  join(folder, 'run.yaml'),
  '--out',
  join(folder, out),
];
const answered = (out: string): string[] => {
  const file = join(folder, out, 'results.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
};
const finish = (out: string, ...more: string[]) =>
  spawnSync(process.execPath, [...args(out), ...more], { encoding: 'utf8' });

/** What of a summary is no matter of the clock, or of where it lies. */
const summaryOf = (out: string) => {
  const text = readFileSync(join(folder, out, 'summary.json'), 'utf8');
  return JSON.parse(text, (name, value: unknown) =>
    ['secondsPerPrompt', 'residentBytes', 'out'].includes(name) ? undefined : value,
  ) as { rows: { policy: string; benchmark: string }[]; problems: string[] };
};

describe('bench run', () => {
  it('killed twice and gone on, in worker threads too, gives the summary of a run that was not', async () => {
    const whole = finish('whole');
    expect([whole.status, whole.stderr]).toEqual([
      0,
      '1 row cannot be used; the summary tells why\n',
    ]);
    const total = answered('whole').length;
    const policies = ['full', 'namm', 'h2o', 'l2', 'snapkv', 'kvzip'];
    const two = ['--workers', '2'];
    for (const [enough, workers] of [
      [Math.floor(total / 4), []],
      [Math.floor(total / 2), two],
    ] as const) {
      const child = spawn(process.execPath, [...args('killed'), ...workers], { stdio: 'ignore' });
      while (answered('killed').length < enough && child.exitCode === null) await wait(20);
      expect(child.exitCode).toBeNull();
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      expect(answered('killed').length).toBeLessThan(total);
    }
    expect(finish('killed', ...two).status).toBe(0);
    const keys = answered('killed').map((line) => (JSON.parse(line) as { key: string }).key);
    expect(keys).toHaveLength(total);
    expect(new Set(keys).size).toBe(total);
    const summary = summaryOf('killed');
    expect(summary).toEqual(summaryOf('whole'));
    expect([...new Set(summary.rows.map(({ policy }) => policy))].sort()).toEqual(policies.sort());
    expect([...new Set(summary.rows.map(({ benchmark }) => benchmark))]).toHaveLength(3);
    expect(summary.problems).toEqual([expect.stringMatching(/hotpotqa\.jsonl, row 4, context: /)]);
  });

  it.skipIf(findChromium() === null)(
    'draws a page that a browser shows without an error',
    async () => {
      const page = await openPage(pathToFileURL(join(folder, 'whole', 'page.html')).href);
      try {
        expect(page.errors).toEqual([]);
        expect(page.requests).toHaveLength(1);
        expect(await page.evaluate('document.querySelectorAll("table").length')).toBe(4);
        expect(
          await page.evaluate('document.querySelectorAll("figure svg, figure canvas").length'),
        ).toBeGreaterThan(2);
        const before = await page.evaluate('document.querySelector("tbody").innerText');
        await page.evaluate('[...document.querySelectorAll("th button")].at(5)?.click()');
        await page.evaluate('[...document.querySelectorAll("th button")].at(1)?.click()');
        expect(await page.evaluate('document.querySelector("tbody").innerText')).not.toBe(before);
      } finally {
        await page.close();
      }
    },
  );

  it('is refused to a folder of other settings, and compares two runs', () => {
    const other = spawnSync(process.execPath, [...args('whole'), '--seed', '2'], {
      encoding: 'utf8',
    });
    expect(other.status).not.toBe(0);
    expect(other.stderr).toMatch(/holds a run with seed 1, not 2/);
    const one = spawnSync(process.execPath, [...args('whole'), '--policy', 'h3o'], {
      encoding: 'utf8',
    });
    expect(one.stderr).toMatch(/--policies: 'h3o' is none of/);
    const diff = spawnSync(
      process.execPath,
      [cli, 'diff', join(folder, 'whole'), join(folder, 'killed'), '--json'],
      { encoding: 'utf8' },
    );
    const differences = JSON.parse(diff.stdout) as { p: number; isSignificant: boolean }[];
    expect(differences.length).toBeGreaterThan(20);
    expect(differences.every(({ p, isSignificant }) => p === 1 && !isSignificant)).toBe(true);
  });
});
