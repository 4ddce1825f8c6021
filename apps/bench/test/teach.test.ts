import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { modelFolder } from '@namm/models';
import { readTaught } from '@namm/teach';
import { CommandHost, writeOwnPolicies } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-bench-teach-'));
afterAll(() => rmSync(folder, { recursive: true }));

const random = new Random(1);
const words = 'the river was cold and old men spoke of stones by night while birds went home'.split(
  ' ',
);
const sentence = () => `${Array.from({ length: 9 }, () => random.pick(words)).join(' ')}.`;
const text = join(folder, 'text.txt');
writeFileSync(text, Array.from({ length: 600 }, () => `It is so: ${sentence()}`).join(' '));

const own = writeOwnPolicies(folder);
const common = ['--model', modelFolder('nano-llama'), '--text', text, '--rope-factor', '4'];
const small = ['--passages', '4', '--length', '120', '--no-questions'];

const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const bench = (...args: string[]) => commands.run(args);

describe('bench fit and compare', () => {
  it('teach a scorer by questions, and tune which heads of it keep how much', async () => {
    const out = join(folder, 'asked.safetensors');
    const asked = ['--passages', '4', '--length', '240', '--held-out', '1', '--no-try'];
    const fitted = await bench('fit', ...common, ...asked, '--out', out);
    expect([fitted.status, fitted.stderr]).toEqual([0, '']);
    const tuned = join(folder, 'tuned.safetensors');
    const tune = [
      ...['tune', ...common, '--taught', out, '--out', tuned, '--budget', '20%', '--length', '400'],
      ...['--questions', '2', '--prompts', '1', '--validation-prompts', '1', '--population', '4'],
      ...['--validate-every', '1', '--generations', '2'],
    ];
    const { status, stdout, stderr } = await bench(...tune);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/mean of generation 0, best so far: fitness/);
    expect(stdout).toMatch(/^complete$/m);
    const { map, provenance } = await readTaught(tuned);
    expect(map.model).toBe((await readTaught(out)).map.model);
    expect(provenance).toMatchObject({ questions: true, tuned: { budget: '20%' } });
    const first = readFileSync(tuned);
    expect((await bench(...tune)).status).toBe(0); // there is nothing left to do
    expect(readFileSync(tuned).equals(first)).toBe(true);
    const other = await bench(...tune.with(tune.indexOf('20%'), '30%'));
    expect(other.status).toBe(2);
    expect(other.stderr).toContain('budget');
  });

  it('teach a scorer, go on with a run that is done, and compare it', async () => {
    const out = join(folder, 'scorer.safetensors');
    const fit = ['fit', ...common, ...small, '--held-out', '1', '--out', out];
    const { status, stdout, stderr } = await bench(...fit, '--no-try');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /fitted to 464 tokens; on 116 held-out tokens its correlation .* is 0\.\d/,
    );
    const first = readFileSync(out);
    expect((await bench(...fit, '--no-try')).status).toBe(0);
    expect(readFileSync(out).equals(first)).toBe(true);
    expect((await readTaught(out)).map.layers).toHaveLength(4);

    const figures = join(folder, 'figures.json');
    const compared = await bench(
      ...['compare', ...common, '--passages', '2', '--length', '120', '--taught', out],
      ...[
        '--policies',
        `sink-recent,h2o,${own.peaks}`,
        '--budgets',
        '50%',
        '--prompts',
        '0',
        '--out',
        figures,
      ],
    );
    expect([compared.status, compared.stderr]).toEqual([0, '']);
    for (const name of ['full', 'taught', 'sink-recent', 'h2o', 'peaks.js#peaks']) {
      expect(compared.stdout).toMatch(new RegExp(`^${name} +(100|50)%`, 'm'));
    }
    expect(compared.stdout).toMatch(/at 50%: [\w-]+ comes closest to the full cache/);
    const asked = await bench(
      ...['compare', ...common, '--passages', '0', '--length', '200', '--taught', out],
      ...['--policies', 'taught,kvzip@40%,tova@30%', '--budgets', '50%', '--prompts', '1'],
      ...['--families', 'trade,code', '--out', join(folder, 'asked.json')],
    );
    expect([asked.status, asked.stderr]).toEqual([0, '']);
    for (const [name, budget] of Object.entries({ full: 100, taught: 50, kvzip: 40, tova: 30 })) {
      expect(asked.stdout).toMatch(new RegExp(`^${name} +${budget}% +\\d/6 .* ${budget} %$`, 'm'));
    }
    const { rows } = JSON.parse(readFileSync(figures, 'utf8'));
    expect(rows.map(({ keptShare }: { keptShare: number }) => Math.round(10 * keptShare))).toEqual([
      10, 5, 5, 5, 5,
    ]);
  });

  it('refuse what they cannot use, and write nothing then', async () => {
    const out = join(folder, 'refused.safetensors');
    const long = join(folder, 'long.safetensors');
    const figures = join(folder, 'refused.json');
    const short = join(folder, 'short.txt');
    writeFileSync(short, 'Too short.');
    const binary = join(folder, 'binary.txt');
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0x80));
    const model = ['--model', modelFolder('nano-llama')];
    const tiny = ['--length', '120', '--passages', '1'];
    const cases: [args: string[], message: string][] = [
      [
        ['fit', ...common, '--out', out, '--no-try', '--policy', own.peaks],
        '--policy: has no effect with --no-try',
      ],
      [['fit', ...common, '--out', out, '--policy', 'mine'], 'not of the form FILE.js#NAME'],
      [['compare', ...common, '--out', out, '--policies', 'mine'], 'is none of '],
      [['compare', ...common, ...tiny, '--policies', own.fails, '--out', out], own.failsAs],
      [
        ['fit', ...model, '--text', short, '--out', out],
        '--text: 6 tokens hold no two passages of 1536; give more text',
      ],
      [
        ['fit', ...model, '--text', binary, '--out', out],
        'binary.txt is text in UTF-16; save it as UTF-8',
      ],
      [['fit', ...model, '--text', join(folder, 'none'), '--out', out], 'none does not exist'],
      [
        ['fit', ...common, '--passages', '1', '--length', '60', '--out', out],
        'fewer than the 131 inputs',
      ],
      [['fit', ...model, '--text', text, '--out', long, '--length', '100'], 'positions'],
      [['compare', ...common, '--out', figures, '--policies', 'oracle@25%'], "'oracle' is none of"],
      [
        ['compare', ...common, '--out', figures, '--policies', 'h2o@much'],
        "--policies: 'much' is not a budget",
      ],
      [['compare', ...common, '--out', figures, '--families', 'riddle'], "'riddle' is none of"],
    ];
    const ends = await Promise.all(cases.map(([args]) => commands.run(args)));
    for (const [i, { status, stderr }] of ends.entries()) {
      expect(stderr).toContain(cases[i]![1]);
      expect(status).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });
});
