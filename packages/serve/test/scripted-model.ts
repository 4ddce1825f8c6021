import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors, type TensorData, writeSafetensors } from '@namm/tensors';
import { type RandomModel, randomModel } from '@namm/testing';

/** What a token is followed by, whatever stood before it. The last one of a line has none. */
const lines = [
  ['<|assistant|>', 'Hel', 'lo', ' there', '.', '<|end|>'],
  [
    '<|call|>',
    '<tool_call>',
    '{"name": "weather", ',
    '"arguments": {"city": "Paris"}}',
    '</tool_call>',
    '<|end|>',
  ],
  ['Once', ' upon', ' a', ' time', ',', ' there'],
  ['loop', 'loop'],
  ['<|long|>', 'loop'], // begins the answer to a message that holds "long"
];
const special = [
  '<|end|>',
  '<|assistant|>',
  '<|call|>',
  '<|user|>',
  '<|system|>',
  '<|tool|>',
  '<|long|>',
];

const template = `{% if tools %}<|system|>{% for tool in tools %}{{ tool | tojson }}{% endfor %}<|end|>{% endif %}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>{{ {"name": c.function.name, "arguments": c.function.arguments} | tojson }}</tool_call>{% endfor %}<|end|>{% endfor %}{% if add_generation_prompt %}{% if tools and messages[-1].role != 'tool' %}<|call|>{% elif 'long' in messages[-1].content %}<|long|>{% else %}<|assistant|>{% endif %}{% endif %}`;

/**
 * A model of a few hand-made weights that says fixed lines: its attention and feed-forward parts add nothing, so the
 * next token follows from the last one alone. It runs as any model does.
 */
export async function scriptedModel(): Promise<RandomModel> {
  const characters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const base = [...characters, 'Ġ', 'Ċ'];
  const added = [...new Set([...special, ...lines.flat()])].filter((text) => !base.includes(text));
  const vocabulary = [...base, ...added];
  const size = vocabulary.length + (8 - (vocabulary.length % 8));
  const model = await randomModel({
    ...{ vocab_size: size, hidden_size: size, intermediate_size: 8, num_hidden_layers: 2 },
    ...{ head_dim: 8, max_position_embeddings: 384, eos_token_id: vocabulary.indexOf('<|end|>') },
  });
  const file = join(model.folder, 'model.safetensors');
  const opened = await openSafetensors(file);
  const tensors: [string, TensorData][] = [];
  for (const name of opened.tensors.keys()) {
    const { shape } = opened.entry(name);
    const data = await opened.readFloat32(name);
    if (name.includes('o_proj') || name.includes('down_proj')) data.fill(0);
    if (name.includes('norm')) data.fill(1);
    if (name === 'model.embed_tokens.weight') {
      data.fill(0);
      for (let id = 0; id < size; id++) data[id * size + id] = 1;
    }
    if (name === 'lm_head.weight') {
      data.fill(0);
      // What no line knows is followed by an exclamation mark, for ever.
      const next = new Array<number>(size).fill(vocabulary.indexOf('!'));
      for (const line of lines) {
        for (const [i, text] of line.slice(0, -1).entries()) {
          next[vocabulary.indexOf(text)] = vocabulary.indexOf(line[i + 1]!);
        }
      }
      for (const [id, follower] of next.entries()) data[follower * size + id] = 1;
    }
    tensors.push([name, { shape, data }]);
  }
  await writeSafetensors(file, tensors);
  const write = (name: string, value: unknown) =>
    writeFile(join(model.folder, name), JSON.stringify(value));
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: true,
  };
  const vocab = Object.fromEntries(base.map((text, id) => [text, id]));
  await write('tokenizer.json', {
    ...{ version: '1.0', truncation: null, padding: null, normalizer: null, post_processor: null },
    added_tokens: added.map((content, i) => ({
      ...{ id: base.length + i, content, special: special.includes(content) },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    })),
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: { type: 'BPE', vocab, merges: [], dropout: null, unk_token: null, byte_fallback: false },
  });
  await write('tokenizer_config.json', { eos_token: '<|end|>', chat_template: template });
  return model;
}
