import { existsSync } from 'node:fs';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Random } from '@namm/core';
import { randomBlocks, readFolder, writeGgufModel } from '@namm/testing';
import { describe, expect, it } from 'vitest';
import { nodeLlamaCppFolder } from '../src/speed/node-llama-cpp.js';
import { setUpMeasure } from './set-up-measure.js';

const setup = setUpMeasure('speed');
const { commands } = setup;

/** `speed` on a model of two layers and few words. */
function speed(work: string, ...args: string[]) {
  const sizes = ['--layers', '2', '--vocabulary', '512', '--decode-tokens', '8'];
  const tiny = args.includes('--rounds') ? sizes : [...sizes, '--rounds', '1'];
  const command = ['speed', '--work', join(setup.folder, work), ...tiny, ...args];
  return commands.run(command);
}

/** Lines of the tables, as cells. */
function tableRows(stdout: string): string[][] {
  const lines = stdout.split('\n').filter((line) => /^\| +\d/.test(line));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const two = ['--contenders', 'ours,transformers.js'];
const onnxOnly = ['--contenders', 'ours,ours-quarter,transformers.js'];

describe('measure speed', () => {
  it('finds that both compute the same, and sets one beside the other, without node-llama-cpp where it is missing', async () => {
    const missing = ['--node-llama-cpp', join(setup.folder, 'nowhere')];
    const { status, stdout, stderr } = await speed('work', '--lengths', '64', ...missing);
    expect(stderr).toMatch(/^measure: without node-llama-cpp: .*\n.*npm install/);
    const contenders = tableRows(stdout).map(([, contender]) => contender);
    expect(contenders).not.toContain('node-llama-cpp');
    expect(stdout).toMatch(
      /^64 tokens, ours and transformers\.js: the same 9 greedy tokens; logits differ by \S+ at most\.$/m,
    );
    expect(tableRows(stdout).map((cells) => cells.slice(0, 3))).toEqual([
      ['64', 'transformers.js', expect.stringMatching(/^\d+$/)],
      ['64', 'ours', expect.stringMatching(/^\d+$/)],
      ['64', 'ours-quarter', expect.stringMatching(/^\d+$/)],
      ['64', 'ours', 'transformers.js'],
      ['64', 'ours-quarter', 'transformers.js'],
    ]);
    expect(status).toBe(0);
  });

  it('measures a policy, and the share of the prefill that it takes', async () => {
    const list = ['--lengths', '64', '--json', '--contenders', 'ours'];
    const { stdout, stderr, status } = await speed(
      'work',
      ...list,
      '--policy',
      'h2o',
      '--budget',
      '25%',
    );
    expect(stderr).toBe('');
    const { rows } = JSON.parse(stdout);
    const shares = rows.map((row: { contender: string; policyShare: number }) => {
      expect(row.policyShare).toBeLessThan(1);
      return [row.contender, row.policyShare > 0];
    });
    expect(shares).toEqual([
      ['ours', true],
      ['ours-policy', true],
    ]);
    expect(status).toBe(0);

    const unnamed = await speed('work', '--contenders', 'ours,ours-policy');
    expect(unnamed.stderr).toContain("'ours-policy' needs a --policy");
    expect(unnamed.status).toBe(2);
  });

  it('measures weights in few bits, also those of a GGUF file', async () => {
    const rounded = ['ours', 'ours-q8', 'ours-q4', 'ours-q4-quarter', 'transformers.js-q4'];
    const list = ['--lengths', '64', '--json', '--contenders', rounded.join(',')];
    const { stdout, status } = await speed('work', ...list);
    const { rows, agreements, samples } = JSON.parse(stdout);
    const contenders = rows.map(({ contender }: { contender: string }) => contender).sort();
    expect(contenders).toEqual([...rounded].sort());
    for (const row of rows) {
      expect(row.loadSeconds).toBeGreaterThan(0);
      expect(row.loadedMegabytes).toBeGreaterThan(10);
      expect(row.loadedMegabytes).toBeLessThanOrEqual(row.peakMegabytes);
    }
    expect(agreements).toEqual([]);
    const chosen = (name: string) =>
      samples.find(({ contender }: { contender: string }) => contender === name).tokens;
    // Matrices are rounded to the same numbers; embeddings are not.
    expect(chosen('transformers.js-q4')[0]).toBe(chosen('ours-q4')[0]);
    expect(status).toBe(0);

    const contents = await readFolder(join(setup.folder, 'work', 'hugging-face'));
    for (const [name, { shape }] of contents.tensors) {
      if (/_proj/.test(name))
        contents.tensors.set(name, randomBlocks('Q4_1', shape, new Random(1)));
    }
    const gguf = join(setup.folder, 'blocks.gguf');
    await writeGgufModel(gguf, contents);
    const own = await speed('work', '--lengths', '64', '--model', gguf, '--contenders', 'ours');
    expect(own.stderr).toBe('');
    expect(own.stdout).toContain('blocks.gguf, as it is;');
    expect(tableRows(own.stdout).map(([, contender]) => contender)).toEqual(['ours']);
    const peer = await speed('work', '--model', gguf, '--contenders', 'ours,transformers.js-q4');
    expect(peer.stderr).toMatch(/transformers\.js-q4 cannot read .*blocks\.gguf/);
  });

  const hasTwoCores = availableParallelism() > 1;
  it.runIf(hasTwoCores)(
    'gives every measurement as JSON, in wall time with two threads',
    async () => {
      const two = ['--threads', '2', '--rounds', '2', '--contenders', 'ours,transformers.js'];
      const { status, stdout } = await speed('work', '--lengths', '64', '--json', ...two);
      const { settings, agreements, rows, ratios, samples } = JSON.parse(stdout);
      expect(settings).toMatchObject({ layers: 2, lengths: [64], rounds: 2, clock: 'wall' });
      expect(agreements).toEqual([expect.objectContaining({ length: 64, sameTokens: 9 })]);
      expect(samples).toHaveLength(4);
      for (const { prefill, decode, otherCores, peakMegabytes, tokens } of samples) {
        for (const time of [prefill.cpu, prefill.wall, decode.cpu, decode.wall]) {
          expect(time).toBeGreaterThan(0);
        }
        expect(otherCores).toBeGreaterThanOrEqual(0);
        expect(peakMegabytes).toBeGreaterThan(10);
        expect(tokens).toEqual(samples[0].tokens);
      }
      expect(rows).toHaveLength(2);
      const [{ decode, memory }] = ratios;
      expect(decode.lower).toBeLessThanOrEqual(decode.estimate);
      expect(decode.upper).toBeGreaterThanOrEqual(decode.estimate);
      expect(memory).toBeGreaterThan(0);
      expect(status).toBe(0);
    },
  );

  it('gives no figures when a peer computes something else', async () => {
    const peer = join(setup.folder, 'work', 'transformers.js'); // of the tests above, from another seed
    const other = ['--seed', '2', '--lengths', '16', '--peer', peer, ...two];
    const { status, stdout, stderr } = await speed('other', ...other);
    expect(stderr).toMatch(
      /^measure: At 16 tokens ours and transformers\.js do not compute the same: .*; there are no figures/,
    );
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('writes a model again that is not whole, and measures every length', async () => {
    const weights = join(setup.folder, 'work', 'hugging-face', 'model.safetensors');
    await truncate(weights, 1000);
    const list = ['--lengths', '16,24', '--contenders', 'ours'];
    const { status, stdout, stderr } = await speed('work', ...list);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(tableRows(stdout).map((cells) => cells.slice(0, 2))).toEqual([
      ['16', 'ours'],
      ['24', 'ours'],
    ]);
    expect((await readFile(weights)).length).toBeGreaterThan(1_000_000);
  });

  it('says what is wrong with a model', async () => {
    const peer = join(setup.folder, 'broken');
    await mkdir(join(peer, 'onnx'), { recursive: true });
    await writeFile(join(peer, 'config.json'), '{"model_type":"llama"}');
    await writeFile(join(peer, 'onnx', 'model.onnx'), 'no graph');
    const { status, stderr } = await speed('work', '--lengths', '16', '--peer', peer, ...onnxOnly);
    expect(stderr).toMatch(/^measure: transformers\.js at 16 tokens: .+/);
    expect(status).toBe(2);
  });

  it('deletes nothing that it has not written', async () => {
    const precious = join(setup.folder, 'mine', 'hugging-face', 'notes.txt');
    await mkdir(join(setup.folder, 'mine', 'hugging-face'), { recursive: true });
    await writeFile(precious, 'mine');
    const { status, stderr } = await speed('mine', '--lengths', '16', '--contenders', 'ours');
    expect(stderr).toMatch(/^measure: The model cannot be written: .* holds something else/);
    expect(status).toBe(2);
    expect(await readFile(precious, 'utf8')).toBe('mine');
  });

  it('refuses a work folder that is a file', async () => {
    await writeFile(join(setup.folder, 'file'), '');
    const { status, stderr } = await speed('file', '--contenders', 'ours');
    expect(stderr).toMatch(
      /^measure: The model cannot be written: .*choose another folder with --work/,
    );
    expect(status).toBe(2);
  });

  it('says how to install node-llama-cpp when it is asked for and missing', async () => {
    const missing = ['--node-llama-cpp', join(setup.folder, 'nowhere')];
    const { status, stderr } = await speed(
      'work',
      '--contenders',
      'ours,node-llama-cpp',
      ...missing,
    );
    expect(stderr).toMatch(/npm install --prefix \S+ .*node-llama-cpp@[\d.]+ @node-llama-cpp\//);
    expect(status).toBe(2);
  });

  it.runIf(existsSync(nodeLlamaCppFolder))('finds that llama.cpp computes the same', async () => {
    const both = ['--contenders', 'ours,node-llama-cpp'];
    const { status, stdout } = await speed('work', '--lengths', '300', ...both);
    expect(stdout).toMatch(/^300 tokens, ours and node-llama-cpp: the same /m);
    expect(tableRows(stdout)).toHaveLength(3);
    expect(status).toBe(0);
    // The same file for both, which is not held to our logits, since weights may be in few bits.
    const gguf = join(setup.folder, 'work', 'gguf', 'model.gguf');
    const own = await speed('work', '--lengths', '40', '--model', gguf, ...both);
    expect(tableRows(own.stdout)).toHaveLength(3);
    expect(own.status).toBe(0);
  });

  it('explains what is wrong', async () => {
    const cases: [args: string[], message: string][] = [
      [['--lengths', '0'], "'0' is not a whole number above 0"],
      [['--rounds', 'x'], "'x' is not a whole number above 0"],
      [['--layers', '-1'], "'-1' is not a whole number above 0"],
      [['--threads', '999'], "'999' is more than the"],
      [['--vocabulary', '7'], "'7' is below 256"],
      [
        ['--contenders', 'ours,vllm'],
        "'vllm' is none of transformers.js, transformers.js-q4, node-llama-cpp, ours",
      ],
      [['--contenders', 'transformers.js'], "'ours' must be among them"],
    ];
    const ends = await Promise.all(
      cases.map(([args]) => commands.run(['speed', '--work', setup.folder, ...args])),
    );
    for (const [i, { status, stderr }] of ends.entries()) {
      const [args, message] = cases[i]!;
      expect(stderr, args.join(' ')).toContain(message);
      expect(status, args.join(' ')).toBe(2);
    }
  });
});
