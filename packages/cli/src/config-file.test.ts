import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder } from '@namm/testing';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { applyConfigFile } from './config-file.js';
import { count } from './option-parsers.js';

const commandOf = (...args: string[]) =>
  new Command('serve')
    .option('--max-tokens <count>', 'most', count, 5)
    .option('--budget <size>')
    .option('--json')
    .parse(args, { from: 'user' });

it('sets what the command line does not say, as it would say it', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'llm.config.json');
    const apply = async (config: unknown, ...args: string[]) => {
      await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
      const command = commandOf(...args);
      await applyConfigFile(command, file, true);
      return command.opts();
    };
    const config = { 'max-tokens': 7, budget: 512, json: true };
    expect(await apply(config)).toEqual({ maxTokens: 7, budget: '512', json: true });
    expect(await apply({ maxTokens: '7' }, '--max-tokens', '9')).toEqual({ maxTokens: 9 });
    await expect(apply('{')).rejects.toThrow(`${file}: is not valid JSON: `);
    await expect(apply([])).rejects.toThrow('not an object');
    await expect(apply({ maxToken: 7 })).rejects.toThrow("'maxToken' is not an option of serve");
    await expect(apply({ maxTokens: -1 })).rejects.toThrow("'maxTokens': '-1'");
    await expect(apply({ maxTokens: {} })).rejects.toThrow('neither text');
    await expect(apply({ json: 'yes' })).rejects.toThrow('true or false');
    await expect(apply({ budget: true })).rejects.toThrow('needs a value');
    const command = commandOf();
    await applyConfigFile(command, join(folder, 'none.json'), false);
    expect(command.opts()).toEqual({ maxTokens: 5 });
    await expect(applyConfigFile(command, join(folder, 'none.json'), true)).rejects.toThrow(
      `--config: ${join(folder, 'none.json')} does not exist`,
    );
  });
});
