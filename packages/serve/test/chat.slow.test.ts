import { join } from 'node:path';
import { heldTokens, type RetentionRecord } from '@namm/core';
import { loadTokenizer } from '@namm/decoder';
import { expect, it } from 'vitest';
import { ChatSession, type Engine } from '../src/index.js';
import { scriptedModel } from './scripted-model.js';
import { setUpEngines } from './set-up-engine.js';

const setup = setUpEngines(scriptedModel);

async function said(chat: ChatSession, text: string, signal?: AbortSignal): Promise<string> {
  let answer = '';
  for await (const piece of chat.say(text, signal)) answer += piece;
  return answer;
}

it('is a chat with commands, which reads nothing twice', async () => {
  await setup.inFolder(async (folder) => {
    const engine: Engine = await setup.load({ folder, recording: true });
    const tokenizer = await loadTokenizer(setup.folder);
    const records: [string, RetentionRecord][] = [];
    const chat = new ChatSession({
      engine,
      tokenizer,
      system: 'be brief',
      sampling: { temperature: 0 },
      writeRetention: async (file, record) => void records.push([file, record]),
    });
    expect(chat.status).toBe('nothing has been said yet');
    await expect(chat.command('/retention x.html')).resolves.toBe(
      'what each head held is in x.html',
    );
    expect(records.pop()![1].parts).toEqual([{ name: 'system', tokens: 10 }]);
    expect(await chat.command('/policy')).toBe('full');
    expect(await chat.command('/budget 32')).toBe('keydiff, budget 32');
    expect(await chat.command('/policy sink-recent')).toBe('sink-recent, budget 32');
    expect(await said(chat, 'one')).toBe('Hello there.');
    expect(chat.status).toMatch(/^\d+ tokens seen, \d+ held, \d\.\d\d MB, [\d.]+ tokens\/s$/);
    const { promptTokens, reusedTokens } = engine.figures;
    await said(chat, 'two');
    expect(await chat.command('/memory')).toMatch(/ for all\nheld per layer: \d+ \d+$/);
    await chat.command('/retention held.html');
    const [, record] = records.pop()!;
    expect(record.policy).toBe('sink-recent');
    expect(record.notes).toEqual({ budget: '32' });
    const spoken = ['system', 'user', 'assistant', 'user', 'assistant'];
    expect(record.parts!.map(({ name }) => name)).toEqual(spoken);
    expect(record.pieces!.join('')).toBe('be briefoneHello there.twoHello there.');
    const told = /held per layer: (\d+)/.exec(await chat.command('/memory'))![1];
    expect(heldTokens(record, 0, 0, record.seen.length - 1)).toHaveLength(Number(told));
    expect(heldTokens(record, 0, 0, record.seen.length - 1).slice(0, 10)).toEqual([
      ...Array(10).keys(),
    ]);
    const file = join(folder, 'chat.json');
    expect(await chat.command(`/save ${file}`)).toContain(file);
    expect(await chat.command('/branch other')).toBe('  main\n* other');
    expect(await chat.command('/undo')).toBe('taken back: two');
    expect(chat.status).toBe('changed since the last answer; the next one counts again');
    expect(await chat.command('/memory')).not.toContain('held per layer');
    await said(chat, 'three');
    const others = chat.messages.map(({ content }) => content);
    expect(others).toEqual(['be brief', 'one', 'Hello there.', 'three', 'Hello there.']);
    expect(await chat.command('/branch main')).toBe('* main\n  other');
    expect(chat.messages.at(-2)?.content).toBe('two');
    // The second and third prompts went on behind the first answer.
    const unread = engine.figures.promptTokens - engine.figures.reusedTokens;
    expect(unread - (promptTokens - reusedTokens)).toBeLessThan(20);
    const another = new ChatSession({ engine, tokenizer });
    await another.command(`/load ${file}`);
    expect(another.messages).toEqual(chat.messages);
    expect(await another.command('/policy')).toBe('sink-recent, budget 32');
    await expect(another.command('/retention x.html')).rejects.toThrow('is not kept');
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    await expect(said(another, 'x', abort.signal)).rejects.toThrow('enough');
    expect(another.messages).toEqual(chat.messages);
    const held = new AbortController();
    for await (const piece of another.say('four', held.signal)) {
      expect(piece).not.toBe('');
      held.abort(new Error('enough'));
    }
    expect(another.messages.at(-1)?.content).not.toBe('');
    expect(another.messages).toHaveLength(chat.messages.length + 2);
    expect(another.status).toBe('changed since the last answer; the next one counts again');
    await expect(chat.command('/nothing')).rejects.toThrow('/help');
    await expect(chat.command('/budget much')).rejects.toThrow('/budget');
    await expect(chat.command('/load nowhere.json')).rejects.toThrow('nowhere.json');
    await expect(chat.command('/save')).rejects.toThrow('needs a file');
    expect(await chat.command('/help')).toContain('/branch');
  });
});
