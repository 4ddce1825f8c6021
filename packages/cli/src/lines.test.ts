import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProgressLine } from './progress-line.js';
import { StatusLine } from './status-line.js';
import { terminalWidth } from './terminal-width.js';

/** A terminal, or a log, that remembers what was written. */
function streamOf(columns?: number) {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  return { written, write, ...(columns !== undefined && { isTTY: true, columns }) };
}
const clear = '\r\x1b[2K';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('a status line', () => {
  it('is written over, cut to the width, and gives way to what stays', () => {
    vi.stubEnv('TERM', 'xterm');
    const stream = streamOf(10);
    const line = new StatusLine(stream);
    line.show('123456789');
    line.show('1234567890');
    line.finish('a text that stays is not cut');
    line.clear();
    expect(stream.written).toEqual([
      ...[`${clear}123456789`, `${clear}12345678…`, clear],
      'a text that stays is not cut\n',
    ]);
  });

  it.each([
    ['a log', undefined, 'xterm'],
    ['a dumb terminal', 80, 'dumb'],
  ])('shows in %s only what stays', (_, columns, term) => {
    vi.stubEnv('TERM', term);
    const stream = streamOf(columns);
    const line = new StatusLine(stream);
    line.show('gone at once');
    line.finish('stays');
    expect(stream.written).toEqual(['stays\n']);
  });
});

it('says how much is done, and how long the rest takes at the rate so far', () => {
  vi.stubEnv('TERM', 'xterm');
  const stream = streamOf(80);
  const now = vi.spyOn(performance, 'now');
  const line = new ProgressLine('prompts', stream);
  const shown = (milliseconds: number, done: number, what?: string) => {
    now.mockReturnValue(milliseconds);
    line.update({ done, total: 100 }, what);
    return stream.written.at(-1)!.slice(clear.length);
  };
  expect(shown(0, 0)).toBe('0 of 100 prompts');
  expect(shown(2000, 10)).toBe('10 of 100 prompts, 18 s left');
  expect(shown(100_000, 20)).toBe('20 of 100 prompts, 7 min left');
  expect(shown(9_000_000, 50)).toBe('50 of 100 prompts, 2 h 30 min left');
  expect(shown(9_001_000, 50, 'h2o')).toBe('h2o: 50 of 100 prompts'); // reckoned anew
  expect(shown(9_002_000, 60, 'h2o')).toBe('h2o: 60 of 100 prompts, 4 s left');
  expect(shown(9_003_000, 5, 'h2o')).toBe('h2o: 5 of 100 prompts'); // begun again
  line.clear();
  expect(stream.written.at(-1)).toBe(clear);
});

it('takes the width from the terminal, else from COLUMNS, else has no end', () => {
  const { stdout } = process;
  const own = Object.getOwnPropertyDescriptor(stdout, 'columns');
  const set = (value: number | undefined) =>
    Object.defineProperty(stdout, 'columns', { value, configurable: true, writable: true });
  try {
    set(72);
    vi.stubEnv('COLUMNS', '50');
    expect(terminalWidth()).toBe(72);
    set(undefined);
    expect(terminalWidth()).toBe(50);
    for (const nothing of ['', 'wide', '0', '-3']) {
      vi.stubEnv('COLUMNS', nothing);
      expect(terminalWidth()).toBe(Number.POSITIVE_INFINITY);
    }
  } finally {
    if (own) Object.defineProperty(stdout, 'columns', own);
    else Reflect.deleteProperty(stdout, 'columns');
  }
});
