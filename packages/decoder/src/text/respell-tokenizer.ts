type Json = Readonly<Record<string, unknown>>;

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i)).join('');

/** Characters that the normaliser Nmt removes, and those that it makes spaces. */
const nmtRemoved = `${range(1, 8)}\x0b${range(0x0e, 0x1f)}\x7f\x8f\x9f`;
const nmtSpaces = `\t\n\f\r\u1680${range(0x200b, 0x200f)}\u2028\u2029\u2581\ufeff\ufffd`;

const replacing = (characters: string, content: string) => ({
  type: 'Replace',
  pattern: { Regex: `[${characters}]` },
  content,
});

/** Parts that the library does not know, by others that mean the same. */
const respelled: Readonly<Record<string, (part: Json) => unknown>> = {
  Nmt: () => ({
    type: 'Sequence',
    normalizers: [replacing(nmtRemoved, ''), replacing(nmtSpaces, ' ')],
  }),
  CharDelimiterSplit: ({ delimiter }) => ({
    type: 'Split',
    pattern: { String: delimiter },
    behavior: 'Removed',
    invert: false,
  }),
};

/**
 * Respells parts of `tokenizer.json` that the library does not read: regular expressions with a flag in front
 * (`(?i)…`, which holds to the end, as `(?i:…)` does) and kinds that others can stand for.
 */
export function respell(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(respell);
  if (typeof value !== 'object' || value === null) return value;
  const part = value as Json;
  if (
    part.type === 'Metaspace' &&
    part.add_prefix_space === false &&
    part.prepend_scheme !== 'never'
  ) {
    throw new Error('add_prefix_space of its Metaspace does not go with its prepend_scheme');
  }
  const other = typeof part.type === 'string' ? respelled[part.type] : undefined;
  if (other) return other(part);
  return Object.fromEntries(
    Object.entries(part).map(([name, item]) => [
      name,
      name === 'Regex' && typeof item === 'string' ? flagAsGroup(item) : respellPart(name, item),
    ]),
  );
}

/** Vocabularies and merges are long, and hold no parts. */
function respellPart(name: string, item: unknown): unknown {
  return name === 'vocab' || name === 'merges' ? item : respell(item);
}

function flagAsGroup(pattern: string): string {
  const [, rest] = /^\(\?i\)([\s\S]*)$/.exec(pattern) ?? [];
  return rest === undefined ? pattern : `(?i:${rest})`;
}
