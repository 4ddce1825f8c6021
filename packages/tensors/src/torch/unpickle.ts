import { NumpyArray, NumpyDtype } from './numpy-values.js';
import { PickleProblem } from './pickle-problem.js';
import { Attributes, plainNames, plainObject, valueNames } from './plain-objects.js';

/** The only names a pickle may use. Nothing is ever imported or called: they are recognised. */
export const knownGlobals = [
  ...plainNames,
  ...valueNames,
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
  'torch.storage.UntypedStorage',
  'torch.DoubleStorage',
  'torch.FloatStorage',
  'torch.HalfStorage',
  'torch.BFloat16Storage',
  'torch.LongStorage',
  'torch.IntStorage',
  'torch.ShortStorage',
  'torch.CharStorage',
  'torch.ByteStorage',
  'torch.BoolStorage',
] as const;

/** A name in a pickle. */
export class PickleGlobal {
  constructor(readonly name: (typeof knownGlobals)[number]) {}
}

/** What a pickle's names and references mean to the caller. */
export interface PickleHandlers {
  /** A reference to something outside of the pickle. */
  persistent(id: unknown): unknown;
  /** A known global applied to arguments, unless it makes plain data, which is taken care of. */
  reduce(name: PickleGlobal['name'], parameters: readonly unknown[]): unknown;
}

const mark = Symbol('mark');
const stop = 0x2e;
/** Nothing in a checkpoint counts further. */
const longestInteger = 1024;

/**
 * Reads a pickle of protocols 2 to 5 as torch.save writes it: numbers, strings, bytes, None, lists and tuples (arrays),
 * sets, dictionaries (Maps), and what the handlers make of the known globals. It is data that is read; there is
 * nothing in it that runs.
 *
 * @returns the value, and where in the bytes the pickle ends
 * @throws {PickleProblem} for anything else
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  handlers: PickleHandlers,
): { value: unknown; end: number } {
  const machine = new PickleMachine(bytes, start, handlers);
  const value = machine.run();
  return { value, end: machine.position };
}

class PickleMachine {
  position: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #handlers: PickleHandlers;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, start: number, handlers: PickleHandlers) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#handlers = handlers;
    this.position = start;
  }

  run(): unknown {
    for (;;) {
      const at = this.position;
      const opcode = this.#unsigned(1);
      if (opcode === stop) {
        const value = this.#pop();
        if (this.#stack.length > 0) throw new PickleProblem('the pickle leaves values behind');
        return value;
      }
      const step = operations[opcode];
      if (!step) {
        const shown = `0x${opcode.toString(16).padStart(2, '0')}`;
        const advice = 'only what torch.save writes is read';
        throw new PickleProblem(`operation ${shown} at byte ${at} of the pickle; ${advice}`);
      }
      step(this);
    }
  }

  take(count: number): Uint8Array {
    const end = this.position + count;
    if (!(end <= this.#bytes.length)) throw new PickleProblem('the pickle was cut off');
    const part = this.#bytes.subarray(this.position, end);
    this.position = end;
    return part;
  }

  unsigned(width: 1 | 2 | 4): number {
    return this.#unsigned(width);
  }

  int32(): number {
    const at = this.position;
    this.take(4);
    return this.#view.getInt32(at, true);
  }

  float64(): number {
    const at = this.position;
    this.take(8);
    return this.#view.getFloat64(at, false); // the one big-endian number of the format
  }

  /** A length of 8 bytes. */
  length64(): number {
    return this.#unsigned(4) + 2 ** 32 * this.#unsigned(4);
  }

  /**
   * A little-endian two's complement integer; a bigint where a number would not hold it.
   *
   * @param length of it, in bytes
   */
  long(length: number): number | bigint {
    if (length > longestInteger)
      throw new PickleProblem('the pickle holds an integer of too many bytes');
    const bytes = this.take(length);
    let value = 0n;
    for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
    value = BigInt.asIntN(8 * bytes.length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  text(length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch (cause) {
      if (cause instanceof PickleProblem) throw cause;
      throw new PickleProblem('a string of the pickle is not valid UTF-8');
    }
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw new PickleProblem('the pickle was cut off');
    const text = this.text(end - this.position);
    this.position = end + 1;
    return text;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pushMark(): void {
    this.#stack.push(mark);
  }

  pop(): unknown {
    return this.#pop();
  }

  /** What was pushed since the last mark. */
  popToMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw new PickleProblem('the pickle lacks a mark');
    const values = this.#stack.splice(at);
    values.shift();
    return values;
  }

  remember(key: number): void {
    const value = this.#pop();
    this.#stack.push(value);
    this.#memo.set(key, value);
  }

  /** Remembers the value under the next number, as protocols from 4 on do. */
  memoize(): void {
    this.remember(this.#memo.size);
  }

  recall(key: number): void {
    if (!this.#memo.has(key)) throw new PickleProblem('the pickle recalls what it never stored');
    this.#stack.push(this.#memo.get(key));
  }

  /** @param names module and name; where they are left out, they follow as lines */
  global(names: readonly unknown[] = [this.line(), this.line()]): void {
    const name = names.join('.');
    const known = knownGlobals.find((one) => one === name);
    if (!known) {
      const shown = JSON.stringify(name.slice(0, 120));
      throw new PickleProblem(`it names ${shown}, which a checkpoint has no use for; not executed`);
    }
    // A kind of numbers or a type is read as its name.
    this.push(includes(valueNames, known) ? known : new PickleGlobal(known));
  }

  reduce(): void {
    const parameters = this.#pop();
    const callee = this.#pop();
    if (!(callee instanceof PickleGlobal) || !Array.isArray(parameters)) {
      throw new PickleProblem('the pickle calls what is not a known name');
    }
    this.push(
      includes(plainNames, callee.name)
        ? plainObject(callee.name, parameters)
        : this.#handlers.reduce(callee.name, parameters),
    );
  }

  persistent(): void {
    this.push(this.#handlers.persistent(this.#pop()));
  }

  setItems(pairs: readonly unknown[]): void {
    const target = this.#pop();
    if (!(target instanceof Map) || pairs.length % 2 !== 0) {
      throw new PickleProblem('the pickle sets items of what is not a dictionary');
    }
    for (let i = 0; i < pairs.length; i += 2) target.set(pairs[i], pairs[i + 1]);
    this.push(target);
  }

  addItems(values: readonly unknown[]): void {
    const target = this.#pop();
    if (!(target instanceof Set)) throw new PickleProblem('the pickle adds to what is not a set');
    for (const value of values) target.add(value);
    this.push(target);
  }

  append(values: readonly unknown[]): void {
    const target = this.#pop();
    if (!Array.isArray(target)) throw new PickleProblem('the pickle appends to what is not a list');
    for (const value of values) target.push(value);
    this.push(target);
  }

  /** Attributes of an object. A state dictionary has `_metadata`, of no use here. */
  build(): void {
    const state = this.#pop();
    const target = this.#pop();
    if (target instanceof NumpyDtype || target instanceof NumpyArray) {
      target.build(state);
    } else if (target instanceof Attributes && state instanceof Map) {
      for (const [name, value] of state) target.set(name, value);
    } else if (!(target instanceof Map)) {
      throw new PickleProblem('the pickle gives attributes to what is not a dictionary');
    }
    this.push(target);
  }

  tuple(size: number): void {
    const values = Array.from({ length: size }, () => this.#pop());
    this.push(values.reverse());
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new PickleProblem('the pickle takes from an empty stack');
    const value = this.#stack.pop();
    if (value === mark) throw new PickleProblem('the pickle takes a mark for a value');
    return value;
  }

  #unsigned(width: 1 | 2 | 4): number {
    const at = this.position;
    this.take(width);
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }
}

function includes<T>(names: readonly T[], name: unknown): name is T {
  return (names as readonly unknown[]).includes(name);
}

/** By opcode, in the order of Python's pickletools. */
const operations: Readonly<Record<number, (machine: PickleMachine) => void>> = {
  74: (m) => m.push(m.int32()), // BININT
  75: (m) => m.push(m.unsigned(1)), // BININT1
  77: (m) => m.push(m.unsigned(2)), // BININT2
  138: (m) => m.push(m.long(m.unsigned(1))), // LONG1
  139: (m) => m.push(m.long(m.unsigned(4))), // LONG4
  84: (m) => m.push(m.text(m.unsigned(4))), // BINSTRING
  85: (m) => m.push(m.text(m.unsigned(1))), // SHORT_BINSTRING
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  66: (m) => m.push(m.take(m.unsigned(4)).slice()), // BINBYTES
  67: (m) => m.push(m.take(m.unsigned(1)).slice()), // SHORT_BINBYTES
  142: (m) => m.push(m.take(m.length64()).slice()), // BINBYTES8
  150: (m) => m.push(m.take(m.length64()).slice()), // BYTEARRAY8
  140: (m) => m.push(m.text(m.unsigned(1))), // SHORT_BINUNICODE
  88: (m) => m.push(m.text(m.unsigned(4))), // BINUNICODE
  141: (m) => m.push(m.text(m.length64())), // BINUNICODE8
  71: (m) => m.push(m.float64()), // BINFLOAT
  93: (m) => m.push([]), // EMPTY_LIST
  97: (m) => m.append([m.pop()]), // APPEND
  101: (m) => m.append(m.popToMark()), // APPENDS
  41: (m) => m.push([]), // EMPTY_TUPLE
  116: (m) => m.push(m.popToMark()), // TUPLE
  133: (m) => m.tuple(1), // TUPLE1
  134: (m) => m.tuple(2), // TUPLE2
  135: (m) => m.tuple(3), // TUPLE3
  125: (m) => m.push(new Map()), // EMPTY_DICT
  115: (m) => {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  }, // SETITEM
  117: (m) => m.setItems(m.popToMark()), // SETITEMS
  143: (m) => m.push(new Set()), // EMPTY_SET
  144: (m) => m.addItems(m.popToMark()), // ADDITEMS
  145: (m) => m.push(new Set(m.popToMark())), // FROZENSET
  40: (m) => m.pushMark(), // MARK
  104: (m) => m.recall(m.unsigned(1)), // BINGET
  106: (m) => m.recall(m.unsigned(4)), // LONG_BINGET
  113: (m) => m.remember(m.unsigned(1)), // BINPUT
  114: (m) => m.remember(m.unsigned(4)), // LONG_BINPUT
  148: (m) => m.memoize(), // MEMOIZE
  99: (m) => m.global(), // GLOBAL
  147: (m) => {
    const name = m.pop();
    m.global([m.pop(), name]);
  }, // STACK_GLOBAL
  129: (m) => m.reduce(), // NEWOBJ: a class and its arguments
  82: (m) => m.reduce(), // REDUCE
  98: (m) => m.build(), // BUILD
  128: (m) => {
    const version = m.unsigned(1);
    if (version > 5) throw new PickleProblem(`pickle protocol ${version}; 2 to 5 are read`);
  }, // PROTO
  149: (m) => void m.length64(), // FRAME: how far to read ahead
  81: (m) => m.persistent(), // BINPERSID
};
