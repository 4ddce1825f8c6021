import { type Token, tokenize } from './lexer.js';
import type { Arguments, Expression, Signature, Statement, Target } from './syntax.js';
import { fail } from './template-error.js';

const noArguments: Arguments = { positional: [], named: [], spread: null, spreadNamed: null };
const constants = new Map<string, null | boolean>([
  ...([
    ['none', null],
    ['None', null],
  ] as const),
  ...([
    ['true', true],
    ['True', true],
    ['false', false],
    ['False', false],
  ] as const),
]);
const comparing = ['==', '!=', '<', '<=', '>', '>='];
/** Statements of Jinja that need other templates, or an extension that transformers does not load. */
const refused = ['include', 'import', 'from', 'extends', 'autoescape', 'trans', 'do', 'debug'];

/** @throws {TemplateError} naming the line and what was not understood */
export function parse(source: string): readonly Statement[] {
  return new Parser(tokenize(source)).template();
}

/** Follows the grammar of Jinja2 3.1, rule by rule. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #loops = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  template(): Statement[] {
    const body = this.#statements([]);
    if (this.#token.kind !== 'end') this.#unexpected();
    return body;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  #fail(problem: string): never {
    return fail(`line ${this.#token.line}: ${problem}`);
  }

  #unexpected(): never {
    const { kind, text } = this.#token;
    return this.#fail(`unexpected ${text === '' ? kind : JSON.stringify(text)}`);
  }

  #isOperator(text: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === text;
  }

  #isName(text: string): boolean {
    return this.#token.kind === 'name' && this.#token.text === text;
  }

  #skipOperator(text: string): boolean {
    if (!this.#isOperator(text)) return false;
    this.#at++;
    return true;
  }

  #skipName(text: string): boolean {
    if (!this.#isName(text)) return false;
    this.#at++;
    return true;
  }

  #expectOperator(text: string): void {
    if (!this.#skipOperator(text)) this.#fail(`expected '${text}', found '${this.#token.text}'`);
  }

  #expect(kind: Token['kind']): Token {
    if (this.#token.kind !== kind) this.#unexpected();
    return this.#next();
  }

  // Statements

  /** @param ends names of the tags that end the statements; the first of them is left unread after its `{%` */
  #statements(ends: readonly string[]): Statement[] {
    const body: Statement[] = [];
    while (true) {
      const { kind, text } = this.#token;
      if (kind === 'data') {
        body.push({ kind: 'text', text: this.#next().text });
      } else if (kind === 'variableBegin') {
        this.#next();
        body.push({ kind: 'print', value: this.#tuple() });
        this.#expect('variableEnd');
      } else if (kind === 'blockBegin') {
        const name = this.#tokens[this.#at + 1]!;
        if (name.kind === 'name' && ends.includes(name.text)) {
          this.#at++;
          return body;
        }
        this.#next();
        body.push(...this.#statement());
        this.#expect('blockEnd');
      } else if (kind === 'end') {
        if (ends.length > 0) this.#fail(`the template ends where ${ends.join(' or ')} is expected`);
        return body;
      } else {
        return this.#fail(`unexpected ${JSON.stringify(text)}`);
      }
    }
  }

  /** Statements up to an end tag, which is passed. */
  #body(...ends: string[]): Statement[] {
    this.#skipOperator(':');
    this.#expect('blockEnd');
    const body = this.#statements(ends);
    this.#next();
    return body;
  }

  #statement(): Statement[] {
    const { text: name } = this.#expect('name');
    switch (name) {
      case 'for':
        return [this.#for()];
      case 'if':
        return [this.#if()];
      case 'set':
        return [this.#set()];
      case 'macro':
        return [this.#macro()];
      case 'call':
        return [this.#callBlock()];
      case 'filter': {
        const filter = this.#filters(null, true);
        return [{ kind: 'filterBlock', filter, body: this.#body('endfilter') }];
      }
      case 'with':
        return [this.#with()];
      case 'print': {
        const values: Statement[] = [];
        while (this.#token.kind !== 'blockEnd') {
          if (values.length > 0) this.#expectOperator(',');
          values.push({ kind: 'print', value: this.#expression() });
        }
        return values;
      }
      case 'break':
      case 'continue':
        if (this.#loops === 0) this.#fail(`'${name}' outside of a loop`);
        return [{ kind: name }];
      case 'block': {
        this.#expect('name');
        const body = this.#body('endblock');
        if (this.#token.kind === 'name') this.#next();
        return [{ kind: 'scope', body }];
      }
      case 'generation':
        return [{ kind: 'scope', body: this.#body('endgeneration') }];
      default:
        if (refused.includes(name)) this.#fail(`{% ${name} %} is not supported in chat templates`);
        return this.#fail(`unknown tag '${name}'`);
    }
  }

  #for(): Statement {
    const target = this.#target('in');
    if (!this.#skipName('in')) this.#fail("expected 'in'");
    const over = this.#tuple({ withConditional: false, end: 'recursive' });
    const test = this.#skipName('if') ? this.#expression() : null;
    const isRecursive = this.#skipName('recursive');
    this.#loops++;
    this.#expect('blockEnd');
    const body = this.#statements(['endfor', 'else']);
    this.#loops--;
    const otherwise = this.#next().text === 'else' ? this.#body('endfor') : [];
    return { kind: 'for', target, over, test, isRecursive, body, otherwise };
  }

  #if(): Statement {
    const branches: { test: Expression; body: Statement[] }[] = [];
    let otherwise: Statement[] = [];
    while (true) {
      const test = this.#tuple({ withConditional: false });
      this.#expect('blockEnd');
      branches.push({ test, body: this.#statements(['elif', 'else', 'endif']) });
      const { text: end } = this.#next();
      if (end === 'elif') continue;
      if (end === 'else') otherwise = this.#body('endif');
      return { kind: 'if', branches, otherwise };
    }
  }

  #set(): Statement {
    const target = this.#target(null, true);
    if (this.#skipOperator('=')) return { kind: 'set', target, value: this.#tuple() };
    const filter = this.#isOperator('|') ? this.#filters(null) : null;
    return { kind: 'setBlock', target, filter, body: this.#body('endset') };
  }

  #macro(): Statement {
    const { text: name } = this.#expect('name');
    const signature = this.#signature();
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#body('endmacro');
    this.#loops = loops;
    return { kind: 'macro', name, signature, body };
  }

  #callBlock(): Statement {
    const signature = this.#isOperator('(') ? this.#signature() : { names: [], defaults: [] };
    const call = this.#expression();
    if (call.kind !== 'call') this.#fail('expected a call');
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#body('endcall');
    this.#loops = loops;
    return { kind: 'callBlock', call, signature, body };
  }

  #with(): Statement {
    const entries: [Target, Expression][] = [];
    while (this.#token.kind !== 'blockEnd') {
      if (entries.length > 0) this.#expectOperator(',');
      const target = this.#target(null);
      this.#expectOperator('=');
      entries.push([target, this.#expression()]);
    }
    return { kind: 'with', entries, body: this.#body('endwith') };
  }

  #signature(): Signature {
    this.#expectOperator('(');
    const names: string[] = [];
    const defaults: Expression[] = [];
    while (!this.#isOperator(')')) {
      if (names.length > 0) this.#expectOperator(',');
      names.push(this.#assignable());
      if (this.#skipOperator('=')) defaults.push(this.#expression());
      else if (defaults.length > 0) this.#fail('non-default argument follows default argument');
    }
    this.#next();
    return { names, defaults };
  }

  #assignable(): string {
    const { text } = this.#expect('name');
    if (constants.has(text)) this.#fail(`cannot assign to ${text}`);
    return text;
  }

  /** @param end name that ends a list of targets */
  #target(end: string | null, withNamespace = false): Target {
    const items: Target[] = [];
    let isTuple = false;
    do {
      if (isTuple && (this.#isOperator('=') || (end !== null && this.#isName(end)))) break;
      items.push(this.#oneTarget(withNamespace));
      if (this.#isOperator(',')) isTuple = true;
    } while (this.#skipOperator(','));
    return isTuple ? { kind: 'tuple', items } : items[0]!;
  }

  #oneTarget(withNamespace: boolean): Target {
    if (this.#skipOperator('(')) {
      const items: Target[] = [];
      let isTuple = false;
      while (!this.#isOperator(')')) {
        items.push(this.#oneTarget(withNamespace));
        if (!this.#skipOperator(',')) break;
        isTuple = true;
      }
      this.#expectOperator(')');
      return isTuple || items.length !== 1 ? { kind: 'tuple', items } : items[0]!;
    }
    const name = this.#assignable();
    if (!withNamespace || !this.#skipOperator('.')) return { kind: 'name', name };
    return { kind: 'attribute', of: name, name: this.#expect('name').text };
  }

  // Expressions

  /** One expression, or several with commas, which are a tuple. */
  #tuple({
    withConditional = true,
    end = null,
    inParentheses = false,
  }: {
    readonly withConditional?: boolean;
    readonly end?: string | null;
    readonly inParentheses?: boolean;
  } = {}): Expression {
    const items: Expression[] = [];
    let isTuple = false;
    while (true) {
      if (items.length > 0) this.#expectOperator(',');
      if (this.#isTupleEnd(end)) break;
      items.push(withConditional ? this.#expression() : this.#or());
      if (!this.#isOperator(',')) break;
      isTuple = true;
    }
    if (!isTuple) {
      if (items.length > 0) return items[0]!;
      if (!inParentheses) this.#fail('expected an expression');
    }
    return { kind: 'tuple', items };
  }

  #isTupleEnd(end: string | null): boolean {
    const { kind } = this.#token;
    if (kind === 'variableEnd' || kind === 'blockEnd' || this.#isOperator(')')) return true;
    return end !== null && this.#isName(end);
  }

  #expression(): Expression {
    let then = this.#or();
    while (this.#skipName('if')) {
      const test = this.#or();
      const otherwise = this.#skipName('else') ? this.#expression() : null;
      then = { kind: 'conditional', test, then, otherwise };
    }
    return then;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#skipName('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#skipName('and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    return this.#skipName('not') ? { kind: 'not', operand: this.#not() } : this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: [string, Expression][] = [];
    while (true) {
      const following = this.#tokens[this.#at + 1];
      if (this.#token.kind === 'operator' && comparing.includes(this.#token.text)) {
        rest.push([this.#next().text, this.#sum()]);
      } else if (this.#skipName('in')) {
        rest.push(['in', this.#sum()]);
      } else if (this.#isName('not') && following?.kind === 'name' && following.text === 'in') {
        this.#at += 2;
        rest.push(['not in', this.#sum()]);
      } else {
        return rest.length === 0 ? first : { kind: 'compare', first, rest };
      }
    }
  }

  #sum(): Expression {
    return this.#chain(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const parts = [this.#product()];
    while (this.#skipOperator('~')) parts.push(this.#product());
    return parts.length === 1 ? parts[0]! : { kind: 'concat', parts };
  }

  #product(): Expression {
    return this.#chain(['*', '/', '//', '%'], () => this.#power());
  }

  #power(): Expression {
    return this.#chain(['**'], () => this.#unary());
  }

  #chain(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    while (this.#token.kind === 'operator' && operators.includes(this.#token.text)) {
      const operator = this.#next().text;
      left = { kind: 'arithmetic', operator, left, right: operand() };
    }
    return left;
  }

  #unary(withFilter = true): Expression {
    let value: Expression;
    if (this.#skipOperator('-')) value = { kind: 'negate', operand: this.#unary(false) };
    else if (this.#skipOperator('+')) value = { kind: 'positive', operand: this.#unary(false) };
    else value = this.#primary();
    value = this.#postfix(value);
    return withFilter ? this.#filtersAndTests(value) : value;
  }

  #primary(): Expression {
    const { kind, text } = this.#token;
    switch (kind) {
      case 'name':
        this.#next();
        return constants.has(text)
          ? { kind: 'constant', value: constants.get(text)! }
          : { kind: 'name', name: text };
      case 'string': {
        let value = '';
        while (this.#token.kind === 'string') value += this.#next().text;
        return { kind: 'constant', value };
      }
      case 'integer':
        this.#next();
        return { kind: 'constant', value: BigInt(text) };
      case 'float':
        this.#next();
        return { kind: 'constant', value: Number(text) };
      default:
        break;
    }
    if (this.#skipOperator('(')) {
      const value = this.#tuple({ inParentheses: true });
      this.#expectOperator(')');
      return value;
    }
    if (this.#skipOperator('[')) return { kind: 'list', items: this.#items(']') };
    if (this.#skipOperator('{')) return this.#dict();
    return this.#unexpected();
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#isOperator(end)) {
      if (items.length > 0) this.#expectOperator(',');
      if (this.#isOperator(end)) break;
      items.push(this.#expression());
    }
    this.#expectOperator(end);
    return items;
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.#isOperator('}')) {
      if (entries.length > 0) this.#expectOperator(',');
      if (this.#isOperator('}')) break;
      const key = this.#expression();
      this.#expectOperator(':');
      entries.push([key, this.#expression()]);
    }
    this.#expectOperator('}');
    return { kind: 'dict', entries };
  }

  #postfix(value: Expression): Expression {
    let result = value;
    while (true) {
      if (this.#skipOperator('.')) result = this.#attribute(result);
      else if (this.#skipOperator('[')) result = this.#subscript(result);
      else if (this.#isOperator('('))
        result = { kind: 'call', of: result, args: this.#arguments() };
      else return result;
    }
  }

  #attribute(of: Expression): Expression {
    const { kind, text } = this.#next();
    if (kind === 'name') return { kind: 'attribute', of, name: text };
    if (kind !== 'integer') this.#fail('expected name or number');
    return { kind: 'item', of, index: { kind: 'constant', value: BigInt(text) } };
  }

  #subscript(of: Expression): Expression {
    const parts: {
      start: Expression | null;
      stop: Expression | null;
      step: Expression | null;
      isSlice: boolean;
    }[] = [];
    do {
      parts.push(this.#subscriptPart());
    } while (this.#skipOperator(','));
    this.#expectOperator(']');
    const [first] = parts;
    if (parts.length === 1 && first!.isSlice) {
      const { start, stop, step } = first!;
      return { kind: 'slice', of, start, stop, step };
    }
    if (parts.some(({ isSlice }) => isSlice)) this.#fail('a slice among several indices');
    const items = parts.map(({ start }) => start!);
    return { kind: 'item', of, index: items.length === 1 ? items[0]! : { kind: 'tuple', items } };
  }

  #subscriptPart() {
    const isNext = () => this.#isOperator(':') || this.#isOperator(']') || this.#isOperator(',');
    const part = () => (isNext() ? null : this.#expression());
    const start = part();
    if (!this.#skipOperator(':')) {
      if (start === null) this.#fail('expected an index');
      return { start, stop: null, step: null, isSlice: false };
    }
    const stop = part();
    const step = this.#skipOperator(':') ? part() : null;
    return { start, stop, step, isSlice: true };
  }

  #arguments(): Arguments {
    this.#expectOperator('(');
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let spread: Expression | null = null;
    let spreadNamed: Expression | null = null;
    let isFirst = true;
    while (!this.#isOperator(')')) {
      if (!isFirst) this.#expectOperator(',');
      if (!isFirst && this.#isOperator(')')) break;
      isFirst = false;
      const following = this.#tokens[this.#at + 1];
      const isNamed =
        this.#token.kind === 'name' && following?.kind === 'operator' && following.text === '=';
      if (this.#isOperator('*')) {
        if (spread || spreadNamed) this.#fail('invalid order of arguments');
        this.#next();
        spread = this.#expression();
      } else if (this.#isOperator('**')) {
        if (spreadNamed) this.#fail('invalid order of arguments');
        this.#next();
        spreadNamed = this.#expression();
      } else if (isNamed) {
        if (spreadNamed) this.#fail('invalid order of arguments');
        const name = this.#next().text;
        if (named.some(([other]) => other === name)) this.#fail(`argument '${name}' comes twice`);
        this.#next();
        named.push([name, this.#expression()]);
      } else {
        if (named.length > 0 || spread || spreadNamed) this.#fail('invalid order of arguments');
        positional.push(this.#expression());
      }
    }
    this.#next();
    return { positional, named, spread, spreadNamed };
  }

  #filtersAndTests(value: Expression): Expression {
    let result = value;
    while (true) {
      if (this.#isOperator('|')) result = this.#filters(result);
      else if (this.#skipName('is')) result = this.#test(result);
      else if (this.#isOperator('('))
        result = { kind: 'call', of: result, args: this.#arguments() };
      else return result;
    }
  }

  /** @param startsInline whether the first filter stands without a bar */
  #filters(value: Expression | null, startsInline = false): Expression {
    let result = value;
    let isInline = startsInline;
    while (isInline || this.#skipOperator('|')) {
      isInline = false;
      const name = this.#dottedName();
      const args = this.#isOperator('(') ? this.#arguments() : noArguments;
      result = { kind: 'filter', of: result, name, args };
    }
    return result!;
  }

  #dottedName(): string {
    let name = this.#expect('name').text;
    while (this.#skipOperator('.')) name += `.${this.#expect('name').text}`;
    return name;
  }

  #test(of: Expression): Expression {
    const isNegated = this.#skipName('not');
    const name = this.#dottedName();
    let args = noArguments;
    if (this.#isOperator('(')) args = this.#arguments();
    else if (this.#startsArgument()) {
      if (this.#isName('is')) this.#fail('you cannot chain multiple tests with is');
      args = { ...noArguments, positional: [this.#postfix(this.#primary())] };
    }
    const test: Expression = { kind: 'test', of, name, args };
    return isNegated ? { kind: 'not', operand: test } : test;
  }

  #startsArgument(): boolean {
    const { kind, text } = this.#token;
    if (kind === 'name') return !['else', 'or', 'and'].includes(text);
    if (kind === 'operator') return text === '[' || text === '{';
    return kind === 'string' || kind === 'integer' || kind === 'float';
  }
}
