import { equals } from './operators.js';
import { fail } from './template-error.js';
import { Callable, Facade, iterate, lengthIfAny, Undefined, type Value } from './values.js';

/** A loop that is going on, and what templates see of it as `loop`. */
export class LoopState {
  readonly facade: Facade;
  readonly #iterator: Iterator<Value>;
  /** Known from the beginning, or once all items were asked for. */
  #length: number | null;
  /** Items asked for ahead, for `loop.last` and the like. */
  #ahead: Value[] = [];
  #index = -1;
  #previous: Value | null = null;
  #current: Value | null = null;
  #changed: readonly Value[] | null = null;

  /**
   * @param again renders the loop with other items
   * @param depth how many loops of a recursive one are going on
   */
  constructor(items: Value | Iterable<Value>, depth: number, again: Callable['call']) {
    const value = items as Value;
    const length = isGenerator(items) ? null : lengthIfAny(value);
    this.#length = length;
    this.#iterator = (isGenerator(items) ? items : iterate(value))[Symbol.iterator]();
    this.facade = new Facade('LoopContext', (name) => this.#attribute(name, depth), again);
  }

  *[Symbol.iterator](): Generator<Value> {
    while (true) {
      if (this.#ahead.length === 0 && !this.#ask()) return;
      this.#index++;
      this.#previous = this.#current;
      this.#current = this.#ahead.shift()!;
      yield this.#current;
    }
  }

  /** Asks for one more item. */
  #ask(): boolean {
    const { done, value } = this.#iterator.next();
    if (!done) this.#ahead.push(value);
    return !done;
  }

  get #total(): number {
    if (this.#length === null) {
      while (this.#ask());
      this.#length = this.#index + 1 + this.#ahead.length;
    }
    return this.#length;
  }

  #attribute(name: string, depth: number): Value | undefined {
    const int = (value: number) => BigInt(value);
    switch (name) {
      case 'index':
        return int(this.#index + 1);
      case 'index0':
        return int(this.#index);
      case 'first':
        return this.#index === 0;
      case 'last':
        return this.#ahead.length === 0 && !this.#ask();
      case 'length':
        return int(this.#total);
      case 'revindex':
        return int(this.#total - this.#index);
      case 'revindex0':
        return int(this.#total - this.#index - 1);
      case 'depth':
        return int(depth);
      case 'depth0':
        return int(depth - 1);
      case 'previtem':
        return this.#index === 0 ? new Undefined('there is no previous item') : this.#previous!;
      case 'nextitem':
        if (this.#ahead.length === 0 && !this.#ask()) return new Undefined('there is no next item');
        return this.#ahead[0]!;
      case 'cycle':
        return new Callable('cycle', (args, named) => {
          if (named.size > 0) return fail('loop.cycle takes no keyword arguments');
          if (args.length === 0) return fail('no items for cycling given');
          return args[this.#index % args.length]!;
        });
      case 'changed':
        return new Callable('changed', (args, named) => {
          if (named.size > 0) return fail('loop.changed takes no keyword arguments');
          const last = this.#changed;
          this.#changed = args;
          return (
            !last || last.length !== args.length || !args.every((one, i) => equals(one, last[i]!))
          );
        });
      default:
        return undefined;
    }
  }
}

function isGenerator(items: Value | Iterable<Value>): items is Generator<Value> {
  return typeof (items as { next?: unknown } | null)?.next === 'function';
}
