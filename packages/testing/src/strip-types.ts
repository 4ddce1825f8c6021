import { createRequire } from 'node:module';

/**
 * TypeScript as JavaScript, for examples of READMEs that a test runs. Nothing is checked; imports stay.
 *
 * @example
 * ```ts
 * stripTypes('const count: number = 1;'); // 'const count = 1;'
 * ```
 */
export function stripTypes(code: string): string {
  // Loaded here, because it takes a second that other tests need not wait for.
  const typescript: typeof import('typescript') = createRequire(import.meta.url)('typescript');
  const { ESNext } = typescript.ScriptTarget;
  const { Preserve } = typescript.ModuleKind;
  const compilerOptions = { target: ESNext, module: Preserve, verbatimModuleSyntax: true };
  return typescript.transpileModule(code, { compilerOptions }).outputText;
}
