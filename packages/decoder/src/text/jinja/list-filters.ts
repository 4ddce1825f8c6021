import type { Given } from './arguments.js';
import { itemOrAttribute } from './attributes.js';
import type { Filter } from './filter.js';
import { arithmetic, equals, order } from './operators.js';
import { fail } from './template-error.js';
import {
  charactersOf,
  Dict,
  hashOf,
  isTrue,
  iterate,
  Lazy,
  Tuple,
  textIfAny,
  toIndex,
  typeName,
  Undefined,
  type Value,
} from './values.js';

export const has = (value: Value | undefined): value is Value =>
  value !== undefined && value !== null;

/** What `attribute='a.b'` picks of an item. */
export function picker(attribute: Value | undefined, otherwise?: Value): (item: Value) => Value {
  if (!has(attribute)) return (item) => item;
  const parts: Value[] =
    typeof attribute === 'string'
      ? attribute.split('.').map((part) => (/^\d+$/.test(part) ? BigInt(part) : part))
      : [attribute];
  return (item) =>
    parts.reduce<Value>((value, part) => {
      const picked = itemOrAttribute(value, part);
      return picked instanceof Undefined && has(otherwise) ? otherwise : picked;
    }, item);
}

/** What sorting and comparing looks at: texts without their case, unless that counts. */
function caseless(caseSensitive: Value | undefined): (value: Value) => Value {
  if (caseSensitive !== undefined && isTrue(caseSensitive)) return (value) => value;
  return (value) => (typeof value === 'string' ? value.toLowerCase() : value);
}

function sorted<T>(items: readonly T[], key: (item: T) => Value, reverse: Value | undefined): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse !== undefined && toIndex(reverse, 'reverse') !== 0n ? -1 : 1;
  keyed.sort((a, b) => sign * order('<', a.key, b.key));
  return keyed.map(({ item }) => item);
}

export function extreme(name: 'min' | 'max'): Filter {
  return (value, { case_sensitive, attribute }) => {
    const [pick, fold] = [picker(attribute), caseless(case_sensitive)];
    let best: Value | undefined;
    for (const item of iterate(value)) {
      if (best === undefined) best = item;
      const sign = order(name === 'min' ? '<' : '>', fold(pick(item)), fold(pick(best)));
      if (name === 'min' ? sign < 0 : sign > 0) best = item;
    }
    return best === undefined ? new Undefined('No aggregated item, sequence was empty.') : best;
  };
}

export function* batches(
  items: Iterable<Value>,
  size: number,
  fill: Value | undefined,
): Generator<Value> {
  let batch: Value[] = [];
  for (const item of items) {
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length === 0) return;
  while (has(fill) && batch.length < size) batch.push(fill);
  yield batch;
}

export function* slices(
  items: readonly Value[],
  count: number,
  fill: Value | undefined,
): Generator<Value> {
  if (count === 0) fail('|slice into 0 parts: integer division or modulo by zero');
  const size = Math.floor(items.length / count);
  const longer = items.length % count;
  let start = 0;
  for (let i = 0; i < count; i++) {
    const part = items.slice(start, start + size + (i < longer ? 1 : 0));
    start += part.length;
    if (has(fill) && i >= longer) part.push(fill);
    yield part;
  }
}

export function* unique(value: Value, { case_sensitive, attribute }: Given): Generator<Value> {
  const [pick, fold] = [picker(attribute), caseless(case_sensitive)];
  const seen = new Set<string>();
  for (const item of iterate(value)) {
    const hash = hashOf(fold(pick(item)));
    if (seen.has(hash)) continue;
    seen.add(hash);
    yield item;
  }
}

export function groupBy(
  value: Value,
  { attribute, default: otherwise, case_sensitive }: Given,
): Value {
  const [pick, fold] = [picker(attribute, otherwise), caseless(case_sensitive)];
  const key = (item: Value) => fold(pick(item));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted([...iterate(value)], key, undefined)) {
    const last = groups.at(-1);
    if (last && equals(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map(({ items }) => new Tuple([pick(items[0]!), items], ['grouper', 'list']));
}

export function last(value: Value): Value {
  if (value instanceof Lazy)
    return fail(`'generator' object is not reversible; make it a list first, with |list`);
  const items = [...iterate(value)];
  return items.length > 0 ? items.at(-1)! : new Undefined('No last item, sequence was empty.');
}

export function reverse(value: Value): Value {
  if (typeof value === 'string') return charactersOf(value).reverse().join('');
  return new Lazy('reverse', [...iterate(value)].reverse());
}

export function sum(value: Value, { attribute, start = 0n }: Given): Value {
  const pick = picker(attribute);
  if (textIfAny(start) !== null) return fail("sum() can't sum strings");
  let total = start;
  for (const item of iterate(value)) total = arithmetic('+', total, pick(item));
  return total;
}

export function sort(
  value: Value,
  { reverse: isReverse, case_sensitive, attribute }: Given,
): Value {
  const fold = caseless(case_sensitive);
  const names = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const picks = names.map((name) => picker(name));
  const key = (item: Value) => picks.map((pick) => fold(pick(item)));
  return sorted([...iterate(value)], key, isReverse);
}

export function dictSort(
  value: Value,
  { case_sensitive, by = 'key', reverse: isReverse }: Given,
): Value {
  if (!(value instanceof Dict)) return fail(`|dictsort needs a dict, not ${typeName(value)}`);
  if (by !== 'key' && by !== 'value') return fail("|dictsort sorts by 'key' or 'value'");
  const fold = caseless(case_sensitive);
  const entries = [...value.entries()].map((entry) => new Tuple(entry));
  return sorted(entries, ({ items }) => fold(items[by === 'key' ? 0 : 1]!), isReverse);
}

export function itemsOf(value: Value): Value {
  if (value instanceof Undefined) return new Lazy('items', []);
  if (!(value instanceof Dict)) return fail('Can only get item pairs from a mapping.');
  return new Lazy(
    'items',
    Array.from(value.entries(), (entry) => new Tuple(entry)),
  );
}
