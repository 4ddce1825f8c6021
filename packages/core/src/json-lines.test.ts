import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileFormatError } from './errors.js';
import { JsonLines } from './json-lines.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
const newPath = () => join(folder, `${files++}.jsonl`);
const numbers = {
  what: 'a number',
  parse(value: unknown): number {
    if (typeof value !== 'number') throw new TypeError('a number was expected');
    return value;
  },
};

describe('JsonLines', () => {
  it('seals objects: a damaged line is refused by its number, one without a checksum is read', async () => {
    const path = newPath();
    const lines = { what: 'a result', parse: (value: unknown) => value };
    await writeFile(path, '{"by":"hand"}\n');
    const first = await JsonLines.open(path, lines);
    await first.append({ score: 0.5 }, [1], 'text');
    await first.close();
    const text = await readFile(path, 'utf8');
    const again = await JsonLines.open(path, lines);
    expect(again.found).toEqual([{ by: 'hand' }, { score: 0.5 }, [1], 'text']);
    await again.close();
    await writeFile(path, text.replace('0.5', '0.7'));
    await expect(JsonLines.open(path, lines)).rejects.toThrow(/line 2 is damaged.*"checksum"/);
  });

  it('finds the lines of earlier runs', async () => {
    const path = newPath();
    const first = await JsonLines.open(path, numbers);
    expect(first.found).toEqual([]);
    await first.append(1, 2);
    await first.append(3);
    await first.close();
    const again = await JsonLines.open(path, numbers);
    expect(again.found).toEqual([1, 2, 3]);
    await again.close();
  });

  it('cuts off half a line, also inside a character', async () => {
    const path = newPath();
    const lines = { what: 'a text', parse: String };
    const first = await JsonLines.open(path, lines);
    await first.append('é', '…');
    await first.close();
    await appendFile(path, Buffer.from('"…"').subarray(0, 2));
    const again = await JsonLines.open(path, lines);
    expect(again.found).toEqual(['é', '…']);
    await again.append('x');
    await again.close();
    expect(await readFile(path, 'utf8')).toBe('"é"\n"…"\n"x"\n');
  });

  it('writes lines one after another however they come', async () => {
    const path = newPath();
    const file = await JsonLines.open(path, { what: 'a text', parse: String });
    const lines = Array.from({ length: 50 }, (_, i) => String(i).repeat(5000));
    const all = Promise.all(lines.map((line) => file.append(line)));
    await file.close();
    await all;
    expect(await readFile(path, 'utf8')).toBe(lines.map((line) => `"${line}"\n`).join(''));
  });

  it('leaves a file of another program as it is', async () => {
    for (const [text, problem] of [
      ['1\n{"a":\n', /line 2 is not JSON/],
      ['1\n"b"\nhalf', /line 2 is not a number/],
    ] as const) {
      const path = newPath();
      await writeFile(path, text);
      const opened = JsonLines.open(path, numbers);
      await expect(opened).rejects.toThrow(FileFormatError);
      await expect(opened).rejects.toThrow(problem);
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });

  it('says when it was closed', async () => {
    const file = await JsonLines.open(newPath(), numbers);
    await file.close();
    await expect(file.append(1)).rejects.toThrow(/closed/);
  });
});
