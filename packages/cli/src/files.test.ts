import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { InvalidArgumentError as CoreError } from '@namm/core';
import { inFolder } from '@namm/testing';
import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { outputFile, outputFolder } from './output-file.js';
import { readPrompt } from './read-prompt.js';

it('takes a file that can be written, there or not yet', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'table.md');
    expect(outputFile(path)).toBe(path);
    await writeFile(path, 'old');
    expect(outputFile(path)).toBe(path);
    expect(outputFile('here.md')).toBe('here.md');
  }));

it('refuses a file without a folder, and a folder', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await mkdir(join(folder, 'sub'));
    const refused = (path: string, message: string) => {
      expect(() => outputFile(path)).toThrow(InvalidArgumentError);
      expect(() => outputFile(path)).toThrow(message);
    };
    refused(join(folder, 'missing', 'a.md'), `there is no folder ${join(folder, 'missing')}.`);
    refused(join(file, 'a.md'), `there is no folder ${file}.`);
    refused(join(folder, 'sub'), 'is a folder; name a file in it.');
    refused('', 'no file is named.');
    refused('  ', 'no file is named.');
    if (process.getuid?.() !== 0) {
      await chmod(join(folder, 'sub'), 0o500);
      refused(join(folder, 'sub', 'a.md'), 'may not be written.');
    }
  }));

it('takes a folder that is there, or can be made, and no file', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const path of [folder, join(folder, 'new'), join(folder, 'a', 'b', 'c'), 'here']) {
      expect(outputFolder(path)).toBe(path);
    }
    expect(() => outputFolder(file)).toThrow(`${file} is not a folder.`);
    expect(() => outputFolder(join(file, 'a', 'b'))).toThrow(InvalidArgumentError);
    expect(() => outputFolder(' ')).toThrow('no folder is named.');
  }));

it('reads a prompt as it is given', () =>
  inFolder(async (folder) => {
    expect(await readPrompt({ prompt: ' Call me Ishmael.\n' })).toBe(' Call me Ishmael.\n');
    const promptFile = join(folder, 'prompt.txt');
    await writeFile(promptFile, 'Grüße, 世界\r\n');
    expect(await readPrompt({ promptFile })).toBe('Grüße, 世界\r\n');
  }));

it('refuses what is no prompt, and says what to do', () =>
  inFolder(async (folder) => {
    const file = async (name: string, content: string | Uint8Array) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const refused = async (options: Parameters<typeof readPrompt>[0], message: string) => {
      const refusal = readPrompt(options);
      await expect(refusal).rejects.toThrow(CoreError);
      await expect(refusal).rejects.toThrow(message);
    };
    await refused(
      { prompt: 'a', promptFile: 'b' },
      '--prompt-file: give --prompt or --prompt-file',
    );
    await refused({ prompt: ' \n' }, '--prompt: is empty; give');
    await refused({ promptFile: join(folder, 'none') }, '--prompt-file: ');
    await refused({ promptFile: join(folder, 'none') }, 'none does not exist');
    await refused({ promptFile: folder }, 'is a folder');
    await refused({ promptFile: await file('empty', '') }, 'empty is empty; give --prompt');
    const packed = await file('book.txt.gz', gzipSync('text'));
    await refused({ promptFile: packed }, `--prompt-file: ${packed} is compressed (gzip)`);
    await refused(
      { promptFile: await file('latin', Uint8Array.of(0x47, 0xfc)) },
      'not text in UTF-8',
    );
    await refused(
      { promptFile: await file('binary', Uint8Array.of(65, 0, 66)) },
      'not text in UTF-8',
    );
    if (process.getuid?.() !== 0) {
      const closed = await file('closed', 'text');
      await chmod(closed, 0);
      await expect(readPrompt({ promptFile: closed })).rejects.toThrow('EACCES');
    }
  }));
