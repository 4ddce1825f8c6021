import { isFilter } from './filter-names.js';
import { mentions } from './mentions.js';
import type { Signature, Statement, Target } from './syntax.js';
import { fail } from './template-error.js';
import { isTest } from './tests.js';

/** Where a part of the syntax stands. */
interface Place {
  /** Whether it is in a branch: there Jinja2 refuses unknown names only when it gets to them. */
  readonly isBranch: boolean;
  readonly isLoop: boolean;
}

/**
 * Refuses what the grammar allows and Jinja2 refuses before it renders anything: filters and tests that do not
 * exist, loops that assign to `loop`, macros with a parameter `caller` that must be given.
 *
 * @throws {TemplateError} naming what is refused
 */
export function checkStatements(body: readonly Statement[]): void {
  check(body, { isBranch: false, isLoop: false });
}

function check(part: unknown, place: Place): void {
  if (Array.isArray(part)) {
    for (const item of part) check(item, place);
    return;
  }
  if (typeof part !== 'object' || part === null) return;
  const { kind, ...parts } = part as { kind?: string } & Record<string, unknown>;
  checkOne(part, place);
  const isBranch = place.isBranch || kind === 'if' || kind === 'conditional';
  const isLoop = place.isLoop || kind === 'for';
  for (const [name, inner] of Object.entries(parts)) {
    check(inner, { isLoop, isBranch: isBranch && !opensScope(kind, name) });
  }
}

/** Whether a part of a statement is a scope of its own, with which a branch ends. */
function opensScope(kind: string | undefined, part: string): boolean {
  if (kind === undefined || kind === 'if') return false;
  if (kind === 'for') return part !== 'over';
  return part === 'body' || part === 'filter' || part === 'signature';
}

function checkOne(part: object, { isBranch, isLoop }: Place): void {
  const syntax = part as { readonly kind?: unknown; readonly name: string };
  if (syntax.kind === 'filter' && !isBranch && !isFilter(syntax.name))
    fail(`there is no filter named '${syntax.name}'`);
  if (syntax.kind === 'test' && !isBranch && !isTest(syntax.name))
    fail(`there is no test named '${syntax.name}'`);
  const { target, signature, body } = part as {
    readonly target?: Target;
    readonly signature?: Signature;
    readonly body?: readonly Statement[];
  };
  if (target && namesIn(target).includes('loop') && (isLoop || syntax.kind === 'for'))
    fail("a loop cannot assign to 'loop'");
  if (signature && mentions(body, 'caller')) checkCaller(signature);
}

function namesIn(target: Target): string[] {
  if (target.kind === 'tuple') return target.items.flatMap(namesIn);
  return target.kind === 'name' ? [target.name] : [];
}

function checkCaller({ names, defaults }: Signature): void {
  const at = names.indexOf('caller');
  if (at >= 0 && at < names.length - defaults.length)
    fail("a macro's parameter 'caller' needs a default");
}
