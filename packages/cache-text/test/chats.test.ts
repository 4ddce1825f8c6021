import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoTokenizer,
  env,
  type Message,
  type PreTrainedTokenizer,
  TextGenerationPipeline,
} from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import { loadTokenizer, TokenizerError } from '@namm/decoder';
import { FakeHub } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type NammModelForCausalLM, NammTokenizer } from '../src/index.js';
import { folder as llama, loadModel, rowsOf } from './helpers.js';

// Values that JavaScript and Python print in two ways.
const usual =
  "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content if m.content is string else m.content | map(attribute='text') | join }}{{ m.extra }}\n{% endfor %}{{ add_generation_prompt }} {{ tools }} {{ [1.0, none, {'a': true}] }}";
const toolUse = 'TOOLS {{ tools | tojson }} {{ documents }}';
const tools = [{ type: 'function', function: { name: 'add', parameters: {} } }];
const messages: Message[] = [
  { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
  { role: 'assistant', content: 'Yes?' },
];
const rendered = "<|bos|>user: Hi\nassistant: Yes?\nTrue None [1.0, None, {'a': True}]";

let work: string;
let model: NammModelForCausalLM;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'namm-chats-'));
  model = await loadModel();
});
afterAll(async () => {
  await model.dispose();
  await rm(work, { recursive: true });
});

/** A folder with two templates, in one of the two ways in which folders have them. */
async function folderWith(name: string, inFiles: boolean): Promise<string> {
  const folder = join(work, name);
  await cp(llama, folder, { recursive: true });
  await rm(join(folder, 'chat_template.jinja'), { force: true });
  if (inFiles) {
    await mkdir(join(folder, 'additional_chat_templates'));
    await writeFile(join(folder, 'chat_template.jinja'), usual);
    await writeFile(join(folder, 'additional_chat_templates', 'tool_use.jinja'), toolUse);
  } else {
    const file = join(folder, 'tokenizer_config.json');
    const { default: config } = await import(file, { with: { type: 'json' } });
    const chat_template = [
      { name: 'default', template: usual },
      { name: 'tool_use', template: toolUse },
    ];
    await writeFile(file, JSON.stringify({ ...config, chat_template }));
  }
  return folder;
}

describe.each([
  ['files', true],
  ['tokenizer_config.json', false],
])('a tokenizer of transformers.js with templates in %s', (name, inFiles) => {
  let folder: string;
  let tokenizer: PreTrainedTokenizer;
  const text = (options: object = {}) =>
    tokenizer.apply_chat_template(messages, { tokenize: false, ...options } as never) as unknown;
  beforeAll(async () => {
    folder = await folderWith(name, inFiles);
    tokenizer = await NammTokenizer.from_pretrained(folder);
  });

  it('renders as transformers does, and as loadTokenizer', async () => {
    expect(text({ add_generation_prompt: true })).toBe(rendered);
    const own = await loadTokenizer(folder);
    expect(own.applyChatTemplate(messages, { addGenerationPrompt: true })).toBe(rendered);
    // What this is for: the engine of transformers.js gives another text, or none.
    const twin = await AutoTokenizer.from_pretrained(folder);
    let theirs: unknown = null;
    try {
      theirs = twin.apply_chat_template(messages, { tokenize: false } as never);
    } catch {}
    expect(theirs).not.toBe(rendered.replace('True None', 'False None'));
  });

  it('takes the template for tools, the one that is named, given or set', () => {
    const withTools = `TOOLS ${JSON.stringify(tools)
      .replaceAll(/([:,])"/g, '$1 "')
      .replaceAll(':{', ': {')} None`;
    expect(text({ tools })).toBe(withTools);
    expect(text({ tools, chat_template: 'default' })).toContain('user: Hi');
    expect(text({ chat_template: 'tool_use', documents: [{ id: 1.5 }] })).toContain(
      "[{'id': 1.5}]",
    );
    expect(text({ chat_template: '{{ messages | length }}{{ also }}', also: false })).toBe(
      '2False',
    );
    const before = tokenizer.chat_template;
    tokenizer.chat_template = '{{ none }}';
    expect(text()).toBe('None');
    tokenizer.chat_template = before;
    expect(() => text({ chat_template: 'tool_uses' })).toThrow(TokenizerError);
    expect(() => text({ chat_template: 'tool_uses' })).toThrow(
      /none is called 'tool_uses'; .*default, tool_use/,
    );
  });

  it('gives ids without special tokens twice', () => {
    const inputs = tokenizer.apply_chat_template(messages, { add_generation_prompt: true }) as {
      input_ids: Parameters<typeof rowsOf>[0];
    };
    const [ids] = rowsOf(inputs.input_ids);
    expect(ids!.filter((id) => id === 1)).toHaveLength(1);
    expect(tokenizer.decode(ids!)).toBe(rendered);
    const list = { return_tensor: false, return_dict: false, add_generation_prompt: true };
    expect(tokenizer.apply_chat_template(messages, list as never)).toEqual(ids);
  });

  it('lets pipelines render so', async () => {
    const generator = new TextGenerationPipeline({ task: 'text-generation', model, tokenizer });
    const seen: number[][] = [];
    const generate = model.generate.bind(model);
    model.generate = ((options: { input_ids: Parameters<typeof rowsOf>[0] }) => {
      seen.push(...rowsOf(options.input_ids));
      return generate(options as never);
    }) as never;
    const [answer] = (await generator(messages, { max_new_tokens: 2 })) as never as [
      { generated_text: Message[] },
    ];
    await generator(messages, { max_new_tokens: 2, tools } as never);
    Reflect.deleteProperty(model, 'generate');
    expect(answer.generated_text).toHaveLength(3);
    expect(tokenizer.decode(seen[0]!)).toBe(rendered);
    expect(tokenizer.decode(seen[1]!)).toMatch(/^TOOLS/);
  });
});

it('reads the templates of a folder without weights', async () => {
  const folder = await folderWith('no-weights', true);
  await rm(join(folder, 'model.safetensors'));
  const tokenizer = await NammTokenizer.from_pretrained(folder);
  const options = { tokenize: false, add_generation_prompt: true };
  expect(tokenizer.apply_chat_template(messages, options as never)).toBe(rendered);
});

it('says when the templates of a model are not on this machine', async () => {
  const hub = await FakeHub.start();
  const { remoteHost } = env;
  vi.stubEnv('HF_HUB_OFFLINE', undefined);
  try {
    env.remoteHost = hub.url;
    const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
    const contents = names.map(async (name) => [name, await readFile(join(llama, name))] as const);
    const files = new Map(await Promise.all(contents));
    hub.repositories.set('someone/chats', { files, commit: 'b'.repeat(40) });
    const options = { cache_dir: join(work, 'cache') };
    const tokenizer = await NammTokenizer.from_pretrained('someone/chats', options);
    const apply = () => tokenizer.apply_chat_template(messages, { tokenize: false } as never);
    expect(apply).toThrow(InvalidArgumentError);
    expect(apply).toThrow(/'someone\/chats' are not on this machine; load the model first/);
  } finally {
    env.remoteHost = remoteHost;
    vi.unstubAllEnvs();
    await hub.stop();
  }
});
