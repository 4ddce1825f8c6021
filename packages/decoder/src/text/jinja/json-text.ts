import { order } from './operators.js';
import { fail } from './template-error.js';
import { floatText } from './text-of.js';
import { Dict, Markup, Tuple, typeName, type Value } from './values.js';

/** How `json.dumps` writes. */
export interface JsonStyle {
  /** Text that one level is indented by; null for one line. */
  readonly indent: string | null;
  readonly separators: readonly [item: string, key: string];
  readonly ensureAscii: boolean;
  readonly sortKeys: boolean;
}

/** `json.dumps(value)`. */
export function jsonText(value: Value, style: JsonStyle, level = 0): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return quoted(value, style.ensureAscii);
  if (value instanceof Markup) return quoted(value.text, style.ensureAscii);
  if (Array.isArray(value) || value instanceof Tuple) {
    const items = Array.isArray(value) ? value : value.items;
    return block(
      '[',
      ']',
      items.map((item) => jsonText(item, style, level + 1)),
      style,
      level,
    );
  }
  if (value instanceof Dict) {
    const entries = [...value.entries()];
    if (style.sortKeys) entries.sort(([a], [b]) => order('<', a, b));
    const items = entries.map(
      ([key, item]) =>
        `${quoted(keyText(key), style.ensureAscii)}${style.separators[1]}${jsonText(item, style, level + 1)}`,
    );
    return block('{', '}', items, style, level);
  }
  return fail(`Object of type ${typeName(value)} is not JSON serializable`);
}

function block(
  open: string,
  close: string,
  items: readonly string[],
  { indent, separators }: JsonStyle,
  level: number,
): string {
  if (items.length === 0) return open + close;
  if (indent === null) return open + items.join(separators[0]) + close;
  const line = `\n${indent.repeat(level + 1)}`;
  return `${open}${line}${items.join(separators[0] + line)}\n${indent.repeat(level)}${close}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatText(value);
}

function keyText(key: Value): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean' || typeof key === 'bigint') return String(key);
  if (typeof key === 'number') return numberText(key);
  return fail(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function quoted(text: string, ensureAscii: boolean): string {
  const json = JSON.stringify(text);
  if (!ensureAscii) {
    if (/\p{Surrogate}/u.test(text)) fail('half a surrogate pair has no text in |tojson');
    return json;
  }
  return json.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
