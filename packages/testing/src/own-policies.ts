import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes policies of a user's own into a folder far from any package: the example of the README of `@namm/kv-cache`, and
 * one that fails in the middle of a run.
 *
 * @returns their names for the command line, and what the second is reported as
 */
export function writeOwnPolicies(folder: string) {
  const readme = readFileSync(join(import.meta.dirname, '../../kv-cache/README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('## A policy of your own'));
  const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  const file = join(folder, 'peaks.js');
  writeFileSync(file, code);
  const failing = join(folder, 'middle.mjs');
  writeFileSync(
    failing,
    `import { sinkRecent } from '@namm/kv-cache';
export function fails({ budget = 8 } = {}) {
  const policy = sinkRecent({ budget });
  return {
    ...policy,
    start(shape) {
      const state = policy.start(shape);
      const select = state.select.bind(state);
      state.select = (view) => {
        if (view.seen > 40) throw new RangeError('lost the rows');
        return select(view);
      };
      return state;
    },
  };
}
`,
  );
  const error = 'RangeError: lost the rows (line 10)';
  const failsAs = `The policy's module ${failing}: 'fails' failed in select: ${error}`;
  return { peaks: `${file}#peaks`, fails: `${failing}#fails`, failsAs };
}
