import { sortArguments } from './arguments.js';
import { attributeOf, itemOrAttribute } from './attributes.js';
import { runFilter } from './filters.js';
import { setAttribute } from './globals.js';
import { LoopState } from './loop-state.js';
import { mentions } from './mentions.js';
import { arithmetic, compare, negate, positive, slice } from './operators.js';
import type { Arguments, Expression, Signature, Statement, Target } from './syntax.js';
import { fail } from './template-error.js';
import { runTest } from './tests.js';
import { textOf } from './text-of.js';
import {
  Callable,
  Dict,
  Facade,
  isTrue,
  iterate,
  mustBeThere,
  type Named,
  Namespace,
  Tuple,
  textIfAny,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** Variables, with those of the statements around. */
class Scope {
  readonly #variables: Map<string, Value>;
  readonly #outer: Scope | null;

  constructor(outer: Scope | null, variables = new Map<string, Value>()) {
    this.#outer = outer;
    this.#variables = variables;
  }

  get(name: string): Value {
    for (let scope: Scope | null = this; scope; scope = scope.#outer) {
      const value = scope.#variables.get(name);
      if (value !== undefined) return value;
    }
    return new Undefined(`'${name}' is undefined`);
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value);
  }
}

/** How statements ended: at their end, or by leaving a loop or its round. */
type Ending = 'end' | 'break' | 'continue';

/**
 * Renders a template.
 *
 * @param variables those of the caller, and the functions that every template has
 * @throws {TemplateError} for what the template raises or Python would, and for what is not supported
 */
export function render(body: readonly Statement[], variables: Map<string, Value>): string {
  const out: string[] = [];
  run(body, new Scope(new Scope(null, variables)), out);
  return out.join('');
}

function text(body: readonly Statement[], scope: Scope): string {
  const out: string[] = [];
  run(body, scope, out);
  return out.join('');
}

function run(body: readonly Statement[], scope: Scope, out: string[]): Ending {
  for (const statement of body) {
    const ending = runOne(statement, scope, out);
    if (ending !== 'end') return ending;
  }
  return 'end';
}

function runOne(statement: Statement, scope: Scope, out: string[]): Ending {
  switch (statement.kind) {
    case 'text':
      out.push(statement.text);
      return 'end';
    case 'print':
      out.push(textOf(evaluate(statement.value, scope)));
      return 'end';
    case 'if': {
      const branch = statement.branches.find(({ test }) => isTrue(evaluate(test, scope)));
      return run(branch?.body ?? statement.otherwise, scope, out);
    }
    case 'for':
      return runLoop(statement, evaluate(statement.over, scope), scope, out, 1);
    case 'set':
      assign(statement.target, evaluate(statement.value, scope), scope);
      return 'end';
    case 'setBlock': {
      const value = text(statement.body, new Scope(scope));
      const { filter } = statement;
      assign(statement.target, filter ? evaluate(filter, scope, value) : value, scope);
      return 'end';
    }
    case 'macro':
      scope.set(statement.name, macro(statement.name, statement.signature, statement.body, scope));
      return 'end';
    case 'callBlock': {
      const { call, signature, body } = statement;
      if (call.kind !== 'call') return fail('a call block without a call');
      const caller = macro('caller', signature, body, scope);
      out.push(unprinted(callWith(call, scope, new Map([['caller', caller]])), 'a call block'));
      return 'end';
    }
    case 'filterBlock': {
      const inside = text(statement.body, new Scope(scope));
      out.push(unprinted(evaluate(statement.filter, scope, inside), 'a filter block'));
      return 'end';
    }
    case 'with': {
      const inner = new Scope(scope);
      const values = statement.entries.map(
        ([target, value]) => [target, evaluate(value, scope)] as const,
      );
      for (const [target, value] of values) assign(target, value, inner);
      return run(statement.body, inner, out);
    }
    case 'scope':
      return run(statement.body, new Scope(scope), out);
    default:
      return statement.kind;
  }
}

type Loop = Extract<Statement, { kind: 'for' }>;

function runLoop(loop: Loop, over: Value, scope: Scope, out: string[], depth: number): Ending {
  const again = (args: readonly Value[], named: Named) => {
    if (!loop.isRecursive) return fail("the loop must have the 'recursive' marker to be called");
    const { iterable } = sortArguments('loop', ['iterable'], args, named);
    const inner: string[] = [];
    runLoop(loop, iterable!, scope, inner, depth + 1);
    return inner.join('');
  };
  const state = new LoopState(chosen(loop, over, scope), depth, again);
  // As in Jinja2, `else` follows where no round came to its end: also when each was left before.
  let isThrough = false;
  for (const item of state) {
    const inner = new Scope(scope, new Map([['loop', state.facade]]));
    assign(loop.target, item, inner);
    const ending = run(loop.body, inner, out);
    if (ending === 'end') isThrough = true;
    if (ending === 'break') break;
  }
  return !isThrough ? run(loop.otherwise, new Scope(scope), out) : 'end';
}

/** Items of a loop that pass its `if`; asked for one by one, since the loop may change what that depends on. */
function chosen({ target, test }: Loop, over: Value, scope: Scope): Value | Iterable<Value> {
  if (!test) return over;
  const items = iterate(over);
  return (function* () {
    for (const item of items) {
      const inner = new Scope(scope);
      assign(target, item, inner);
      if (isTrue(evaluate(test, inner))) yield item;
    }
  })();
}

function assign(target: Target, value: Value, scope: Scope): void {
  if (target.kind === 'name') {
    scope.set(target.name, value);
  } else if (target.kind === 'attribute') {
    const namespace = scope.get(target.of);
    if (!(namespace instanceof Namespace)) fail('cannot assign attribute on non-namespace object');
    setAttribute(namespace, target.name, value);
  } else {
    mustBeThere(value);
    const items = [...iterate(value)];
    if (items.length !== target.items.length) {
      fail(`cannot unpack ${items.length} values into ${target.items.length} names`);
    }
    for (const [i, part] of target.items.entries()) assign(part, items[i]!, scope);
  }
}

function macro(
  name: string,
  signature: Signature,
  body: readonly Statement[],
  scope: Scope,
): Callable {
  const { names, defaults } = signature;
  const takes = {
    varargs: mentions(body, 'varargs'),
    kwargs: mentions(body, 'kwargs'),
    caller: mentions(body, 'caller') && !names.includes('caller'),
  };
  const call = (args: readonly Value[], named: Named): Value => {
    const inner = new Scope(scope);
    const rest = new Map(named);
    const positional = args.slice(0, names.length);
    for (const [i, value] of positional.entries()) {
      if (rest.has(names[i]!)) fail(`macro '${name}' got multiple values for '${names[i]}'`);
      inner.set(names[i]!, value);
    }
    for (const [i, parameter] of names.entries()) {
      if (i < positional.length) continue;
      const given = rest.get(parameter);
      rest.delete(parameter);
      const own = defaults[i - (names.length - defaults.length)];
      const absent = new Undefined(`parameter '${parameter}' was not provided`);
      inner.set(parameter, given !== undefined ? given : own ? evaluate(own, inner) : absent);
    }
    if (takes.caller) {
      inner.set('caller', rest.get('caller') ?? new Undefined('No caller defined'));
      rest.delete('caller');
    }
    if (takes.kwargs) inner.set('kwargs', Dict.from(rest));
    else if (rest.size > 0)
      fail(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]}'`);
    if (takes.varargs) inner.set('varargs', new Tuple(args.slice(names.length)));
    else if (args.length > names.length)
      fail(`macro '${name}' takes not more than ${names.length} arguments`);
    return text(body, inner);
  };
  const attributes = new Map<string, Value>([
    ['name', name],
    ['arguments', new Tuple(names)],
    ['catch_kwargs', takes.kwargs],
    ['catch_varargs', takes.varargs],
    ['caller', takes.caller],
  ]);
  return new Callable(name, call, attributes);
}

/** What a block gives is not printed, only joined: it must be text already. */
function unprinted(value: Value, what: string): string {
  return textIfAny(value) ?? fail(`${what} gives ${typeName(value)}, not str`);
}

/** @param inside the text of a block, which a filter without a value takes */
function evaluate(expression: Expression, scope: Scope, inside?: string): Value {
  const value = (part: Expression) => evaluate(part, scope, inside);
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'name':
      return scope.get(expression.name);
    case 'list':
      return expression.items.map(value);
    case 'tuple':
      return new Tuple(expression.items.map(value));
    case 'dict':
      return Dict.from(expression.entries.map(([key, item]) => [value(key), value(item)] as const));
    case 'conditional': {
      if (isTrue(value(expression.test))) return value(expression.then);
      const absent = 'the inline if-expression evaluated to false and no else section was defined';
      return expression.otherwise ? value(expression.otherwise) : new Undefined(absent);
    }
    case 'and': {
      const left = value(expression.left);
      return isTrue(left) ? value(expression.right) : left;
    }
    case 'or': {
      const left = value(expression.left);
      return isTrue(left) ? left : value(expression.right);
    }
    case 'not':
      return !isTrue(value(expression.operand));
    case 'negate':
      return negate(value(expression.operand));
    case 'positive':
      return positive(value(expression.operand));
    case 'compare': {
      let left = value(expression.first);
      for (const [operator, operand] of expression.rest) {
        const right = value(operand);
        if (!compare(operator, left, right)) return false;
        left = right;
      }
      return true;
    }
    case 'concat':
      return expression.parts.map((part) => textOf(value(part))).join('');
    case 'arithmetic':
      return arithmetic(expression.operator, value(expression.left), value(expression.right));
    case 'attribute':
      return attributeOf(value(expression.of), expression.name);
    case 'item':
      return itemOrAttribute(value(expression.of), value(expression.index));
    case 'slice': {
      const { of, start, stop, step } = expression;
      const bound = (part: Expression | null) => (part ? value(part) : null);
      return slice(value(of), bound(start), bound(stop), bound(step));
    }
    case 'call':
      return callWith(expression, scope, new Map(), inside);
    case 'filter': {
      const { of, name, args } = expression;
      const operand = of ? value(of) : (inside ?? '');
      return runFilter(name, operand, ...given(args, scope, inside));
    }
    case 'test':
      return runTest(
        expression.name,
        value(expression.of),
        ...given(expression.args, scope, inside),
      );
  }
}

type Call = Extract<Expression, { kind: 'call' }>;

function callWith(call: Call, scope: Scope, extra: Named, inside?: string): Value {
  const callee = evaluate(call.of, scope, inside);
  mustBeThere(callee);
  const [args, named] = given(call.args, scope, inside);
  for (const [name, value] of extra) named.set(name, value);
  if (callee instanceof Callable) return callee.call(args, named);
  if (callee instanceof Facade && callee.call) return callee.call(args, named);
  return fail(`'${typeName(callee)}' object is not callable`);
}

function given(args: Arguments, scope: Scope, inside?: string): [Value[], Map<string, Value>] {
  const value = (part: Expression) => evaluate(part, scope, inside);
  const positional = args.positional.map(value);
  if (args.spread) positional.push(...iterate(value(args.spread)));
  const named = new Map(args.named.map(([name, part]) => [name, value(part)]));
  const more = args.spreadNamed ? value(args.spreadNamed) : null;
  if (more !== null && !(more instanceof Dict)) return fail('** needs a dict');
  for (const [name, item] of more?.entries() ?? []) {
    if (typeof name !== 'string') return fail('keywords must be strings');
    if (named.has(name)) return fail(`got multiple values for keyword argument '${name}'`);
    named.set(name, item);
  }
  return [positional, named];
}
