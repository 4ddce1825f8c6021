import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { hasRelaxedSimd } from '../src/index.js';

const index = JSON.stringify(new URL('../dist/index.js', import.meta.url));

/** What a process of its own prints: the setting is one of the whole process. */
function run(program: string, ...flags: string[]) {
  const text = `import { enableRelaxedSimd, hasRelaxedSimd } from ${index};
    import { Worker } from 'node:worker_threads';
    ${program}`;
  const args = [...flags, '--input-type=module', '--eval', text];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim();
}

it('turns relaxed SIMD on where Node has it, once and for threads too, without a word', () => {
  const thread = `import { hasRelaxedSimd } from ${index};
    import { parentPort } from 'node:worker_threads';
    parentPort.postMessage(hasRelaxedSimd());`;
  const url = `data:text/javascript,${encodeURIComponent(thread)}`;
  const printed = run(`
    console.log(hasRelaxedSimd(), enableRelaxedSimd(), enableRelaxedSimd());
    new Worker(new URL(${JSON.stringify(url)})).on('message', (has) => console.log(has));`);
  expect(printed).toBe(`${hasRelaxedSimd()} true true\ntrue`);
});

it('obeys who forbids it', () => {
  if (!process.versions.node.startsWith('20.')) return; // others do not know the flag
  const flag = '--no-experimental-wasm-relaxed-simd';
  expect(run('console.log(enableRelaxedSimd())', flag)).toBe('false');
});
