import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parameterCount, publishedBam } from '@namm/bam';
import { type PromptResult, ResultStore, type TableRow } from '@namm/benchmarks';
import { Random } from '@namm/core';
import { publishedFeatures, writeCheckpoint } from '@namm/namm';
import { CommandHost, writeOwnPolicies } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-nanobench-'));
const results = join(folder, 'results.jsonl');
/** A file that is neither checkpoint nor rival. */
const checkpointless = join(import.meta.dirname, 'nanobench.test.ts');
const checkpoint = join(folder, 'namm-random.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const random = new Random(5);
  const parameters = Float32Array.from({ length: parameterCount(publishedBam) }, () => {
    return 0.05 * random.normal();
  });
  parameters[parameters.length - 1] = 0.4;
  await writeCheckpoint(checkpoint, {
    scorer: publishedBam,
    parameters,
    normaliser: {
      shape: [17],
      mean: new Float32Array(17),
      variance: new Float32Array(17).fill(1e-3),
      count: Float64Array.of(1),
    },
    features: publishedFeatures,
    policy: { updateInterval: 32, semantics: 'exact' },
    provenance: { settings: { stages: [{ tasks: ['single-document'] }] } },
  });
});

const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const bench = (...args: string[]) => commands.run(['nanobench', ...args]);

async function read<Result>(use: (store: ResultStore) => Result): Promise<Result> {
  const store = await ResultStore.open(results);
  try {
    return use(store);
  } finally {
    await store.close();
  }
}

const small = [
  ...['--namm', checkpoint, '--results', results, '--families', 'single-document,notes'],
  ...['--factors', '1', '--prompts', '2', '--equal', 'bytes,rows,heads', '--shares', '0.5'],
];

describe('bench nanobench', () => {
  it('measures every policy at the same memory as the NAMM, and prints the table', async () => {
    const page = join(folder, 'page.html');
    const out = join(folder, 'table.md');
    const more = ['--random', '--free-prompts', '1', '--html', page, '--out', out];
    const { status, stdout, stderr } = await bench(...small, ...more);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('Evolved on: single-document.');
    expect(stdout).toContain('answers decoded');
    expect(stdout).toMatch(/\| namm-random \| snapkv +\| bytes of namm-random \|/);
    expect(stdout).toContain('### Over models and evolutions');
    expect(readFileSync(out, 'utf8')).toContain('| oracle ');
    expect(readFileSync(page, 'utf8')).toContain('score against memory');

    const { rows, of } = await read((store) => ({
      rows: store.rows,
      of: new Map(store.rows.map((row) => [row, store.results(row)])),
    }));
    const find = (contender: string, kind: TableRow['budget']['kind']) =>
      of.get(
        rows.find(
          (row) =>
            row.contender === contender &&
            row.budget.kind === kind &&
            row.answers === 'teacherForced',
        )!,
      )!;
    const rowsIn = ({ kept, seen }: PromptResult) => kept.atAnswer * seen * 8; // heads
    const namm = find('namm-random', 'own');
    expect(namm).toHaveLength(4);
    for (const contender of [
      'sink-recent',
      'random',
      'l2',
      'l2-highest',
      'h2o',
      'tova',
      'keydiff',
    ]) {
      for (const [i, own] of namm.entries()) {
        expect(own.kept.atAnswer).toBeLessThan(1); // else nothing is compared
        expect(rowsIn(find(contender, 'rows')[i]!)).toBeCloseTo(rowsIn(own), 6);
        expect(find(contender, 'heads')[i]!.kept).toEqual(own.kept);
        expect(find(contender, 'heads')[i]!.bytes.average).toBe(own.bytes.average);
        const total = ({ bytes }: PromptResult) =>
          bytes.keysAndValues + bytes.positions + bytes.policy;
        const equal = find(contender, 'bytes')[i]!;
        const isAll = equal.kept.atAnswer === 1;
        expect(total(equal)).toBeLessThanOrEqual(total(own));
        // Norms of the tokens since the last update are not computed yet: up to 8 bytes a row less.
        if (!isAll) expect(total(equal)).toBeGreaterThan(total(own) - 268 - 8 * 8 * 32);
      }
    }
    for (const share of find('h2o', 'share')) expect(share.kept.atAnswer).toBeCloseTo(0.5, 2);
    const mean = (list: readonly PromptResult[]) =>
      list.reduce((sum, { kept }) => sum + kept.atAnswer, 0) / list.length;
    expect(Math.abs(mean(find('random NAMM', 'own')) - mean(namm))).toBeLessThan(0.1);
  });

  it('goes on after a stop, and measures nothing twice', async () => {
    const whole = readFileSync(results, 'utf8');
    const lines = whole.split('\n');
    const kept = lines.slice(0, Math.floor(lines.length / 3)).join('\n');
    writeFileSync(results, `${kept}\n{"key":"torn`);
    expect((await bench(...small)).status).toBe(0);
    const again = readFileSync(results, 'utf8');
    expect(again.startsWith(kept)).toBe(true);
    const fed = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.includes('|teacherForced|') && !line.includes('random NAMM'));
    expect(fed(again).sort()).toEqual(fed(whole).sort());
    expect((await bench(...small)).status).toBe(0);
    expect(readFileSync(results, 'utf8')).toBe(again);
  });

  it('prints the table so far on Ctrl-C, exits with 130, and goes on from there', async () => {
    const [own, page] = [join(folder, 'interrupted.jsonl'), join(folder, 'interrupted.html')];
    const args = [
      '--namm',
      checkpoint,
      '--results',
      own,
      '--families',
      'notes',
      '--factors',
      '1,2',
    ];
    args.push('--prompts', '500', '--batch', '1', '--equal', 'bytes', '--shares', 'none');
    const child = spawn(process.execPath, [cli, 'nanobench', ...args, '--html', page]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const closed = once(child, 'close');
    const measured = () =>
      existsSync(own) ? readFileSync(own, 'utf8').split('"result"').length - 1 : 0;
    while (measured() < 40 && child.exitCode === null) await wait(20);
    child.kill('SIGINT');
    const [code] = await closed;
    expect(stderr).toBe('');
    expect(code).toBe(130);
    expect(stdout).toContain(
      `this is the table so far. Run the same command again to resume from ${own}`,
    );
    const prompts = Number(/^(\d+) prompts of the test split/m.exec(stdout)?.[1]);
    expect(prompts).toBeGreaterThan(0);
    expect(prompts).toBeLessThan(500);
    expect(stdout).toMatch(/^\| full +\|/m);
    expect(readFileSync(page, 'utf8')).toContain('this is the table so far');
    expect(measured()).toBeGreaterThanOrEqual(40);
  });

  it('adds rivals and variants, and places questions before and behind the last decision', async () => {
    const rival = join(folder, 'best.json');
    const { peaks } = writeOwnPolicies(folder);
    const normaliser = { shape: [1], mean: [5], variance: [4] };
    const policy = { weights: [0.5, -0.1, 0.2], updateInterval: 32, normaliser };
    writeFileSync(rival, JSON.stringify({ policy, parameters: policy.weights }));
    const { status, stderr } = await bench(
      ...['--namm', checkpoint, '--results', results, '--families', 'notes', '--factors', '1'],
      ...['--prompts', '1', '--equal', 'none', '--shares', '0.5', '--placements', 'seen,unseen'],
      ...[
        '--policy',
        peaks,
        '--budget',
        '50%',
        '--rival',
        rival,
        '--offsets',
        '-0.2',
        '--semantics',
        'reference',
      ],
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const placed = await read((store) =>
      store.rows
        .filter(({ placement }) => placement !== 'last')
        .map((row) => ({ row, result: store.results(row)[0]! })),
    );
    const find = (contender: string, placement: string) =>
      placed.find(
        ({ row }) =>
          row.contender === contender && row.placement === placement && row.budget.kind === 'own',
      )!.result;
    for (const { row, result } of placed) {
      expect(result.seen % 32 === 0).toBe(row.placement === 'seen');
    }
    const namm = find('namm-random', 'seen').kept.atAnswer;
    expect(find('namm-random -0.2', 'seen').kept.atAnswer).toBeLessThan(namm);
    expect(find('namm-random reference', 'seen').kept.atAnswer).toBeGreaterThanOrEqual(namm);
    expect(find('peaks.js#peaks', 'seen').kept.atAnswer).toBeCloseTo(0.5, 1);
    expect(find(`key norm ${basename(folder)}`, 'unseen').kept.atAnswer).toBeLessThan(1);
  });

  it('tunes the extension on the development split, and takes it up', async () => {
    const tuned = join(folder, 'tuned.json');
    const grid = ['--factors', '2', '--alphas', '2', '--logit-factors', '1,1.3', '--prompts', '1'];
    const model = join(import.meta.dirname, '..', '..', '..', 'packages', 'models', 'nano-llama');
    const measured = join(folder, 'tune.jsonl');
    const more = ['--model', model, '--seed', '5', '--out', tuned, '--results', measured];
    const { status, stdout } = await bench('tune', ...grid, ...more);
    expect(status).toBe(0);
    expect(readFileSync(measured, 'utf8')).toContain('|development 5|');
    expect(stdout).toContain('yarn ×2, logits ×1.3');
    const { best } = JSON.parse(readFileSync(tuned, 'utf8'));
    expect(['ntk', 'yarn']).toContain(best[2].kind);
    const fresh = join(folder, 'fresh.jsonl');
    const beyond = ['--factors', '1,2,4', '--extensions', 'tuned', '--tuned', tuned];
    const missing = await bench('--namm', checkpoint, ...beyond, '--results', fresh);
    expect(readFileSync(fresh, 'utf8')).not.toContain('"result"'); // nothing was measured
    expect(missing.stderr).toContain('×4 was not tuned');
    expect(missing.status).toBe(2);
  });

  it('refuses what it cannot use', async () => {
    const cases: [args: string[], message: string][] = [
      [['--factors', '0.5'], "'0.5' is below 1"],
      [['--extensions', 'magic'], "'magic' is none of published"],
      [['--equal', 'size'], "'size' is none of rows, bytes, heads"],
      [['--families', 'poetry'], "'poetry' is none of single-document"],
      [['--shares', '1.5'], "'1.5' is not between 0 and 1"],
      [['--model', join(folder, 'none')], 'does not exist'],
      [['--namm', join(folder, 'none')], 'none'],
      [['--rival', checkpointless], 'is not a rival'],
      [['--policy', 'h2o'], 'not of the form FILE.js#NAME'],
      [['--extensions', 'tuned', '--tuned', join(folder, 'none')], 'holds no tuned extensions'],
    ];
    const ends = await Promise.all(cases.map(([args]) => commands.run(['nanobench', ...args])));
    for (const [i, { status, stderr }] of ends.entries()) {
      const [args, message] = cases[i]!;
      expect(stderr, args.join(' ')).toContain(message);
      expect(status, args.join(' ')).toBe(2);
    }
  });
});
