import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heldTokens } from '@namm/core';
import { readRetentionRecord } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { CommandHost, FakeHub, writeOwnPolicies } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-llm-'));
afterAll(() => rmSync(folder, { recursive: true }));

const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const llm = (...args: string[]) => commands.run(args);

/** With a text on standard input. */
function piped(input: string, ...args: string[]) {
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', input });
}

/** Runs it without input, and presses Ctrl-C as soon as it has said something. */
async function run(args: string[], pressWhen?: RegExp, env = process.env) {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [cli, ...args], { stdio: [...stdio], env });
  let [stdout, stderr, isPressed] = ['', '', false];
  const listen = () => {
    if (isPressed || !pressWhen?.test(stdout + stderr)) return;
    isPressed = true;
    child.kill('SIGINT');
  };
  child.stdout.on('data', (data) => {
    stdout += data;
    listen();
  });
  child.stderr.on('data', (data) => {
    stderr += data;
    listen();
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

const model = modelFolder('nano-llama');
/** The bundled model with a chat template. */
function talkingModel(name: string): string {
  const talking = join(folder, name);
  cpSync(model, talking, { recursive: true });
  const template = '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}';
  writeFileSync(join(talking, 'chat_template.jinja'), template);
  return talking;
}

/** The bundled model was trained at 128 tokens. */
const longer = ['--rope-factor', '4'];

describe('llm without arguments of its own', () => {
  it('asks about planted facts, prints the table and streams an answer', async () => {
    const args = ['--prompts', '2', '--policies', 'full,namm,snapkv', '--threads', '1'];
    const { status, stdout, stderr } = await llm(...args);
    expect(stderr).toContain('snapkv:');
    expect(status).toBe(0);
    const rows = /^(full|snapkv|namm) +\d+\/\d+ +(?:\d+-\d+ %|–) +\d+ of \d+ +[\d.]+ +\d+$/gm;
    expect(stdout.match(rows)).toHaveLength(3);
    const kept = (name: string) =>
      Number(stdout.match(new RegExp(`^${name} .*?(\\d+) of`, 'm'))![1]);
    expect(kept('snapkv') / kept('full')).toBeLessThan(0.3);
    expect(kept('namm') / kept('full')).toBeLessThan(0.6);
    expect(stdout).toMatch(/Planted: .+\nQ: .+ \.\.\. .+\n\(wanted: .+\)/s);
  });
});

describe("llm with the user's own model", () => {
  it('streams an answer from a file within its budget', async () => {
    const file = join(folder, 'prompt.txt');
    const filler = 'It was late, and the rain had not ceased. '.repeat(20);
    writeFileSync(file, ` Alice has pet falcon. ${filler}\nQ: Alice has pet`);
    const options = ['--policy', 'h2o', '--budget', '64', '--max-tokens', '4', '--chunk', '32'];
    options.push(...longer);
    const { status, stdout, stderr } = await llm(
      '--model',
      model,
      '--prompt-file',
      file,
      ...options,
    );
    expect(stderr).toMatch(/h2o: .* kept 64 of \d+ tokens per head/);
    expect(stdout.trim().length).toBeGreaterThan(0);
    expect(status).toBe(0);
  });

  it('continues a text given on the command line', async () => {
    const { status, stdout } = await llm(
      '--model',
      model,
      '--prompt',
      ' Alice has pet falcon.\nQ: Alice has pet',
      '--max-tokens',
      '1',
    );
    expect(stdout.trim()).toBe('falcon');
    expect(status).toBe(0);
  });

  it('writes what each head kept, as a page and as a record', async () => {
    const prompt = ` Alice has pet falcon. ${'It was late. '.repeat(20)}\nQ: Alice has pet`;
    const options = ['--policy', 'h2o', '--budget', '25%', '--max-tokens', '3', '--chunk', '32'];
    options.push(...longer);
    for (const name of ['kept.html', 'kept.safetensors']) {
      const path = join(folder, name);
      const { status, stderr } = await llm(
        '--model',
        model,
        '--prompt',
        prompt,
        ...options,
        '--retention',
        path,
      );
      expect(stderr).toContain(`what each head kept is in ${path}`);
      expect(status).toBe(0);
    }
    expect(readFileSync(join(folder, 'kept.html'), 'utf8')).toContain('<h1>What h2o kept</h1>');
    const record = await readRetentionRecord(join(folder, 'kept.safetensors'));
    const tokens = record.seen.at(-1)!;
    expect(record.pieces!.join('')).toContain('Alice has pet falcon. It was late.');
    expect(record.notes).toEqual({ budget: '25%', folder: 'nano-llama' });
    for (let layer = 0; layer < record.headsPerLayer.length; layer++) {
      expect(heldTokens(record, layer, 0, record.seen.length - 1)).toHaveLength(
        Math.floor(tokens / 4),
      );
    }
  });

  it('takes the scorer that was taught on the model, when only a budget is given', async () => {
    const prompt = ` Alice has pet falcon. ${'It was late. '.repeat(40)}\nQ: Alice has pet`;
    for (const options of [
      ['--budget', '48'],
      ['--policy', 'taught', '--budget', '48'],
    ]) {
      const args = ['--model', model, '--prompt', prompt, '--max-tokens', '2', '--json'];
      const { stdout } = await llm(...args, ...options, ...longer);
      const { policy, keptPerHead } = JSON.parse(stdout);
      expect(policy).toBe('taught');
      const rows = (keptPerHead as number[][]).flat();
      expect(rows.reduce((sum, kept) => sum + kept, 0)).toBe(48 * rows.length);
    }
  });

  it('reads what is piped in, and bounds memory over text beyond the model by compact positions', async () => {
    const text = ` Alice has pet falcon. ${'It was late. '.repeat(200)}\nQ: Alice has pet`;
    const args = ['--model', model, '--policy', 'sink-recent', '--budget', '64'];
    const { status, stdout, stderr } = piped(text, ...args, '--max-tokens', '2', '--json');
    expect(stderr).toContain('positions are compact');
    expect(status).toBe(0);
    const { positions, seen, keptPerHead, written, promptTokens } = JSON.parse(stdout);
    expect(positions).toBe('compact');
    expect(seen).toBeGreaterThan(600); // the model has 128 positions
    expect(new Set(keptPerHead.flat())).toEqual(new Set([64]));
    expect(written).toBe(2);
    expect(promptTokens + written - 1).toBe(seen);
    expect(piped(text, ...args, '--no-compact').stderr).toContain('positions');
  });

  it('ends the answer where a cache with much room fills all positions, and says so', async () => {
    const args = ['--model', model, '--prompt', ' Alice has pet falcon.', '--policy', 'h2o'];
    const { status, stdout, stderr } = await llm(...args, '--budget', '64MB');
    expect(stderr).toMatch(/h2o: .* kept \d+ of \d+ tokens per head/);
    expect(stderr).toMatch(/the answer ends here.*128/);
    expect(stdout).toMatch(/\S\n$/);
    expect(status).toBe(0);
  });

  it("runs a policy of the user's own, and draws by the seed", async () => {
    const { peaks } = writeOwnPolicies(folder);
    const args = ['--model', model, '--prompt', 'It was late, and', '--max-tokens', '8', '--json'];
    args.push('--policy', peaks, '--budget', '8', '--temperature', '1.5');
    const seeds = ['1', '1', '2'];
    const answers = await Promise.all(seeds.map((seed) => llm(...args, '--seed', seed)));
    expect(answers[0]!.stderr).toContain('peaks.js#peaks: ');
    const { keptPerHead } = JSON.parse(answers[0]!.stdout);
    expect(new Set(keptPerHead.flat())).toEqual(new Set([8]));
    const texts = answers.map(({ stdout }) => JSON.parse(stdout).text);
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });

  it('fetches a model of the hub by its id, once', async () => {
    const hub = await FakeHub.start();
    try {
      const names = readdirSync(model).filter((name) =>
        /^(?!context).*\.(json|safetensors)$/.test(name),
      );
      const files = new Map(names.map((name) => [name, readFileSync(join(model, name))]));
      hub.repositories.set('org/nano', { files, commit: 'c'.repeat(40) });
      const env = { ...process.env, HF_ENDPOINT: hub.url, XDG_CACHE_HOME: join(folder, 'cache') };
      const args = ['--model', 'org/nano', '--prompt', ' Alice has pet falcon.\nQ: Alice has pet'];
      const first = await run([...args, '--max-tokens', '1'], undefined, env);
      expect(first.stderr).toContain('fetching org/nano from the hub');
      expect(first.stdout.trim()).toBe('falcon');
      const asked = hub.requests.length;
      const second = await run([...args, '--max-tokens', '1'], undefined, env);
      expect(second.stdout.trim()).toBe('falcon');
      expect(second.stderr).not.toContain('fetching');
      expect(hub.requests).toHaveLength(asked);
    } finally {
      await hub.stop();
    }
  });

  it('says its version, and helps', async () => {
    expect((await llm('--version')).stdout).toMatch(/^llm \d+\.\d+\.\d+ on Node /);
    expect((await llm('--help')).stdout).toContain('--rope-factor');
  });

  it('ends quietly when nobody reads on', async () => {
    const child = spawn(process.execPath, [cli, '--prompts', '1', '--policies', 'full']);
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'exit');
    expect(stderr).not.toMatch(/EPIPE|Error| {4}at /);
    expect(code).toBe(0);
  });

  it('prints what is done so far on Ctrl-C, and exits with 130', async () => {
    const kept = join(folder, 'interrupted.safetensors');
    const own = ['--model', model, '--prompt', 'It was late, and', '--policy', 'sink-recent'];
    const endless = ['--budget', '64', '--chunk', '16', '--max-tokens', '1000000'];
    const answer = run([...own, ...endless, '--retention', kept], /read \d+ tokens in/);
    const few = ['--prompts', '2', '--policies', 'full,h2o,tova', '--threads', '1'];
    const [ownEnd, demoEnd] = await Promise.all([answer, run(few, /full: \d/)]);
    expect(ownEnd.code).toBe(130);
    expect(ownEnd.stderr).toMatch(/sink-recent: .+; kept \d+ of \d+ tokens per head/);
    const record = await readRetentionRecord(kept);
    expect(record.pieces!.join('')).toContain('It was late, and');
    expect(demoEnd.code).toBe(130);
    expect(demoEnd.stdout).toMatch(/^full +\d+\/\d+/m);
    expect(demoEnd.stdout).not.toContain('One answer with');
  });

  it('stays within the columns of a terminal, and repeats itself for a seed', async () => {
    const table = async (COLUMNS: string) => {
      const args = ['--prompts', '1', '--policies', 'random', '--threads', '1', '--seed', '5'];
      const { stdout } = await commands.run(args, { COLUMNS, NO_COLOR: '1' });
      expect(stdout).not.toContain('\x1b');
      return /\n\n((?:policy|random).*?)\n\n/s.exec(stdout)![1]!;
    };
    const wide = (await table('60')).split('\n');
    expect(wide).toHaveLength(3);
    expect(Math.max(...wide.map((line) => line.length))).toBeLessThanOrEqual(60);
    const [right] = wide[2]!.match(/\d+\/\d+/)!;
    const narrow = /^random\n {2}right +(\d\/\d)\n {2}95 % +(?:–|\d+-\d+ %)\n/.exec(
      await table('40'),
    );
    expect(narrow![1]).toBe(right);
  });

  it('refuses what it cannot use in one line of one form', async () => {
    const own = ['--model', model, '--prompt', 'x'];
    const binary = join(folder, 'binary.safetensors');
    writeFileSync(binary, Buffer.from('such as a picture, or anything else\0'));
    const failing = join(folder, 'failing.mjs');
    writeFileSync(failing, "export const boom = () => { throw new TypeError('my bug'); };\n");
    const none = join(folder, 'none');
    const { fails, failsAs } = writeOwnPolicies(folder);
    const cases: [args: string[], message: string][] = [
      [[...own, '--policy', 'magic'], "'magic' is none of full"],
      [[...own, '--policy', 'h2o', '--budget', '0'], "'0' is not a budget"],
      [[...own, '--policy', 'h2o'], 'needs one'],
      [[...own, '--policy', 'full', '--budget', '64'], 'keeps everything'],
      [[...own, '--budget', '0'], "'0' is not a budget"],
      [[...own, '--policy', 'taught', '--checkpoint', none], 'does not exist'],
      [[...own, '--policy', 'namm'], "'namm' needs a --checkpoint"],
      [[...own, '--checkpoint', 'x'], '--checkpoint: only --policy namm and taught have one'],
      [[...own, '--policy', 'namm', '--checkpoint', binary], 'is not a safetensors file'],
      [[...own, '--policy', 'namm', '--checkpoint', none], 'does not exist'],
      [[...own, '--policy', 'namm', '--checkpoint', folder], 'is a folder'],
      [[...own, '--policy', `${none}.js#mine`], `${none}.js does not exist`],
      [[...own, '--prompt-file', cli], 'not both'],
      [[...own, '--retention', 'kept.txt'], 'neither .html nor .safetensors'],
      [[...own, '--max-tokens', '0'], 'whole number above 0'],
      [[...own, '--temperature', '-1'], 'temperature'],
      [['--model', none, '--prompt', 'x'], `${none} does not exist`],
      [['--model', `${none}.gguf`, '--prompt', 'x'], `${none}.gguf is not a file`],
      [['--model', binary, '--prompt', 'x'], 'is neither a folder nor a GGUF file'],
      [['--model', folder, '--prompt', 'x'], 'config.json'],
      [['--model', model], 'is empty'],
      [['--model', model, '--prompt', ' '], 'is empty'],
      [['--model', model, '--prompt-file', none], `${none} does not exist`],
      [['--model', model, '--prompt-file', folder], 'is a folder'],
      [['--model', model, '--prompt-file', binary], 'is not text'],
      [['--model', model, '--prompt', 'x '.repeat(3000)], 'positions'],
      [['--prompt', 'x'], '--prompt: needs --model'],
      [['--policy', 'h2o', '--budget', '9'], '--policies'],
      [['--checkpoint', 'x'], 'needs --model'],
      [['--retention', 'kept.html'], 'needs --model'],
      [['--prompts', '1000000000'], 'llm: --prompts: '],
      [['--temperature', '1'], '--temperature: needs --model'],
      [['--chunk', '8'], '--chunk: needs --model'],
      [['--no-compact'], 'needs --model'],
      [[...own, '--prompts', '3'], '--prompts: is for the demo'],
      [[...own, '--policies', 'h2o'], '--policies: is for the demo'],
      [[...own, '--seed', '-1'], "llm: --seed: '-1' is not a whole number from 0 on\n"],
      [[...own, '--top-p', '2'], "--top-p: '2' is not a number from 0 to 1"],
      [[...own, '--repetition-penalty', '0'], "'0' is not a positive number"],
      [[...own, '--threads', '100000'], 'cores of this machine'],
      [[...own, '--retention', join(none, 'page.html')], `--retention: there is no folder ${none}`],
      [[...own, '--retention', join(binary, 'page.html')], '--retention: there is no folder'],
      [[...own, '--polcy', 'h2o'], "unknown option '--polcy' (Did you mean --policy?)"],
      [[...own, '--seed'], '--seed: needs a value'],
      [[...own.with(3, 'x '.repeat(60)), '--policy', fails], failsAs],
      [[...own, '--policy', `${failing}#boom`], "'boom' failed: TypeError: my bug (line 1)"],
      [[...own, '--policy', `${failing}#nothing`], "exports no function 'nothing'"],
      [['--policies', 'full,magic'], "'magic' is none of"],
      [['--magic'], "unknown option '--magic'"],
    ];
    const ends = await Promise.all(cases.map(([args]) => commands.run(args)));
    for (const [i, { status, stdout, stderr }] of ends.entries()) {
      const [args, message] = cases[i]!;
      expect(stderr, args.join(' ')).toContain(message);
      expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
      expect(stderr).toMatch(/^llm: /);
      expect(stderr).not.toMatch(/ENOENT|EISDIR|undefined| {4}at /);
      expect(stdout).toBe('');
      expect(status).toBe(2);
    }
  });
});

describe('llm run', () => {
  const own = ['--threads', '1', '--temperature', '0', ...longer];

  it('answers an argument, a file or standard input alike, and is the bundled model', async () => {
    const text = ' Alice has pet falcon. Q: Alice has pet';
    const file = join(folder, 'asked.txt');
    writeFileSync(file, text);
    const args = ['--max-tokens', '3', '--json', ...own];
    const runs = [
      await llm('run', text, ...args),
      await llm('run', '--prompt-file', file, ...args),
      piped(text, 'run', ...args),
      await llm('--model', model, '--prompt', text, ...args),
    ];
    const answers = runs.map(({ stdout }) => JSON.parse(stdout));
    expect(answers[0]).toMatchObject({ policy: 'full', written: 3, isInterrupted: false });
    for (const { text: answer, seen } of answers) {
      expect([answer, seen]).toEqual([answers[0].text, answers[0].seen]);
    }
    const twice = await llm('run', text, '--prompt', text);
    expect([twice.status, twice.stderr]).toEqual([2, expect.stringContaining('given twice')]);
    const both = await llm('run', text, '--prompt-file', file);
    expect([both.status, both.stderr]).toEqual([2, expect.stringContaining('not both')]);
  });

  it('gives what is done at Ctrl-C, and ends quietly when nobody reads on', async () => {
    const endless = ['--budget', '32', '--policy', 'sink-recent', '--max-tokens', '100000'];
    const args = ['run', 'Call me', ...endless, '--threads', '1'];
    // Standard output comes first: once it holds something, nothing begins with the notes.
    const { code, stdout, stderr } = await run(args, /^(?!\d+ tokens and).*read \d+ tokens in/s);
    expect([code, stdout.length > 0]).toEqual([130, true]);
    expect(stderr).toMatch(/sink-recent: .*; kept \d+ of \d+ tokens per head/);
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [status] = await once(child, 'close');
    expect([status, said]).toEqual([0, expect.not.stringMatching(/EPIPE| {4}at /)]);
  });
});

describe('llm inspect', () => {
  it('writes the retention page of a saved conversation', async () => {
    const chat = join(folder, 'chat.json');
    const page = join(folder, 'held.html');
    const messages = [{ role: 'user', content: 'Call me Ishmael. '.repeat(9) }];
    const saved = { version: 1, messages, policy: 'sink-recent', budget: '32' };
    writeFileSync(chat, JSON.stringify(saved));
    const talking = talkingModel('talking');
    const own = ['--conversations', join(folder, 'inspected'), '--threads', '1'];
    const args = ['inspect', chat, '--model', talking, '--retention', page, ...own];
    const { status, stdout, stderr } = await llm(...args);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^1 message from .*\nwhat each head held is in .*\n.* 32 held/);
    expect(readFileSync(page, 'utf8').includes('<h1>What sink-recent kept</h1>')).toBe(true);
  });
});

describe('llm serve and llm chat', () => {
  it('serves completions until it is told to stop, with options from a file', async () => {
    const config = join(folder, 'llm.config.json');
    writeFileSync(config, JSON.stringify({ port: 1, threads: 1, 'max-tokens': 3, memory: '50MB' }));
    const conversations = join(folder, 'conversations');
    const args = ['serve', '--port', '0', '--config', config, '--conversations', conversations];
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [said] = await once(child.stdout, 'data');
      expect(String(said)).toMatch(/^nano-llama: http:\/\/127\.0\.0\.1:\d+ for a page/);
      const url = String(said).match(/http:\S+/)![0];
      const answer = await fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'Call me', max_tokens: 9, kv_budget: 16 }),
      });
      const { usage, choices } = (await answer.json()) as {
        usage: { completion_tokens: number; kv: { tokens_held: number } };
        choices: { finish_reason: string }[];
      };
      expect(usage.completion_tokens).toBe(3);
      expect(choices[0]!.finish_reason).toBe('length');
      expect(usage.kv.tokens_held).toBeLessThanOrEqual(16);
    } finally {
      child.kill('SIGTERM');
    }
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(readdirSync(conversations).some((name) => name.endsWith('.safetensors'))).toBe(true);
  });

  it('stops the answer that it is writing at SIGINT, also where lines are piped in', async () => {
    const own = ['--conversations', join(folder, 'stopped'), '--threads', '1', '--budget', '64'];
    const endless = ['chat', '--model', talkingModel('endless'), '--max-tokens', '1000000', ...own];
    const child = spawn(process.execPath, [cli, ...endless], { stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
      child.kill('SIGINT');
    });
    child.stderr.on('data', (data) => (stderr += data));
    child.stdin.write('It was late\n/help\n');
    const [code] = await once(child, 'close');
    expect(code, stderr).toBe(130);
    expect(stdout.trim()).not.toBe('');
    expect(stdout).not.toContain('/policy');
    expect(stderr).not.toContain('> ');
  });

  it('takes commands and says in one line what is wrong', async () => {
    const own = ['--conversations', join(folder, 'chats'), '--threads', '1'];
    const said =
      '/policy\n/budget 64\n/policy h20\n/save none/a.json\n/nothing\n/load none.json\n/load README.md\n/memory\n/help\n/quit\n/undo\n';
    const chat = piped(said, 'chat', '--model', talkingModel('chatting'), ...own);
    expect(chat.status).toBe(0);
    const memory = 'nothing has been said yet; 0\\.00 of 1000\\.00 MB for all';
    expect(chat.stdout).toMatch(
      new RegExp(`^full\nkeydiff, budget 64\n${memory}\n/policy \\[NAME\\]`),
    );
    expect(chat.stderr).not.toContain('/undo'); // it comes after /quit
    expect(chat.stderr).toContain('/load: none.json does not exist');
    expect(chat.stderr).toContain('/load: README.md is not a conversation that /save wrote');
    expect(chat.stderr).toMatch(/^\/policy: 'h20' is none of .*; did you mean 'h2o'\?$/m);
    expect(chat.stderr).toContain('none/a.json cannot be written: there is no folder none');
    expect(chat.stderr).toContain('/nothing: is not a command; /help lists them');
    const config = join(folder, 'bad.json');
    writeFileSync(config, '{"prot": 1}');
    const runs = [
      ['serve', '--config', config],
      ['serve', '--policy', 'h2o', ...own],
      ['serve', '--host', '0.0.0.0', '--model', join(folder, 'no-model')], // told before it is looked for
      ['serve', '--memory', '12'],
      ['chat', ...own],
      ['chat', ...own, '--memory', '1KB'],
    ];
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    runs.push(['serve', '--port', String(port), ...own]);
    const ended = await Promise.all(runs.map((args) => llm(...args)));
    other.close();
    expect(ended.map(({ status }) => status)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    const lines = ended.map(({ stderr }) => stderr.trim());
    expect(lines[5]).toContain('--memory: 1000 bytes are too few: a token of this model takes ');
    expect(lines[6]).toContain(`${port} is in use on 127.0.0.1; choose another`);
    expect(lines[4]).toContain('a chat needs a model with a chat template; nano-llama has none');
    expect(lines[0]).toContain("'prot' is not an option of serve");
    expect(lines[1]).toContain("the policy 'h2o' needs one");
    expect(lines[2]).toContain('is needed on 0.0.0.0');
    expect(lines[3]).toContain('is not a number of bytes');
    for (const line of lines) expect(line).not.toContain('\n');
  });
});
