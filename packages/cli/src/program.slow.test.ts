import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { inFolder } from '@namm/testing';
import { expect, it } from 'vitest';

const builtOf = (name: string) =>
  pathToFileURL(join(import.meta.dirname, '..', '..', name, 'dist', 'index.js')).href;
const script = `
import { count, createProgram, exitCodes, interruptSignal, readPrompt, runProgram } from '${builtOf('cli')}';
import { InvalidArgumentError } from '${builtOf('core')}';
const program = createProgram('sample', 'A sample.');
program.command('print').requiredOption('--times <n>', 'how often', count)
  .action(({ times }) => { for (let i = 0; i < times; i++) console.log('line ' + i); });
program.command('echo').option('--prompt-file <file>', 'text')
  .action(async (options) => { process.stdout.write(await readPrompt(options)); });
program.command('refuse').option('--max-tokens <n>', 'most').action(() => {
  throw new InvalidArgumentError('maxTokens', '0 is too few');
});
program.command('find').action(() => { process.exitCode = exitCodes.found; });
program.command('wait').action(async () => {
  const signal = interruptSignal();
  const timer = setInterval(() => {}, 1000);
  console.log('waiting');
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  clearInterval(timer);
  console.log('so far');
  signal.throwIfAborted();
});
await runProgram(program);
`;

it('prints, refuses, finds and is interrupted, each with its exit code', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'sample.mjs');
    await writeFile(file, script);
    const start = (...args: string[]) => spawn(process.execPath, [file, ...args]);
    const run = async (args: string[], input = '') => {
      const child = start(...args);
      child.stdin.end(input);
      const [out, err, [code]] = await Promise.all([
        ...[text(child.stdout), text(child.stderr)],
        once(child, 'close'),
      ] as const);
      return { out, err, code };
    };
    expect(await run(['print', '--times', '2'])).toEqual({
      out: 'line 0\nline 1\n',
      err: '',
      code: 0,
    });
    expect(await run(['print'])).toEqual({
      out: '',
      err: 'sample: --times: is missing\n',
      code: 2,
    });
    expect(await run(['print', '--times', '0'])).toEqual({
      ...{ out: '', err: "sample: --times: '0' is not a whole number above 0\n", code: 2 },
    });
    expect(await run(['echo'], 'Grüße\n')).toEqual({ out: 'Grüße\n', err: '', code: 0 });
    expect(await run(['echo', '--prompt-file', '-'])).toMatchObject({
      err: expect.stringContaining('standard input: is empty'),
      code: 2,
    });
    if (existsSync('/dev/full')) {
      const full = spawnSync('sh', [
        '-c',
        `"${process.execPath}" "${file}" print --times 2 > /dev/full`,
      ]);
      expect(String(full.stderr)).toBe('sample: standard output has no room left on its disk\n');
      expect(full.status).toBe(2);
    }
    expect((await run(['refuse'])).err).toBe('sample: --max-tokens: 0 is too few\n');
    expect(await run(['find'])).toMatchObject({ err: '', code: 1 });
    expect((await run(['--version'])).out).toMatch(/^sample \d+\.\d+\.\d+ on Node \d/);

    const waiting = start('wait');
    const said = text(waiting.stdout);
    waiting.stdout.once('data', () => waiting.kill('SIGINT'));
    const [code] = await once(waiting, 'close');
    expect({ code, said: await said }).toEqual({ code: 130, said: 'waiting\nso far\n' });

    const piped = start('print', '--times', '100000');
    piped.stdout.once('data', () => piped.stdout.destroy());
    const complaint = text(piped.stderr);
    expect([(await once(piped, 'close'))[0], await complaint]).toEqual([0, '']);
  }));
