import { execFileSync, spawnSync } from 'node:child_process';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { findChromium, openPage } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const packages = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'namm-alone-'));
const project = join(folder, 'project');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** What pnpm would publish, without the workspace's own references to versions. */
function pack(name: string): string {
  const pnpm = join(packages, '..', '.tools', 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
  const args = [pnpm, 'pack', '--json', '--pack-destination', folder];
  const cwd = join(packages, name);
  const output = execFileSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return JSON.parse(output.slice(output.indexOf('{'))).filename;
}

// What the page and Node run: every model for some generations, and a save in between.
const program = `
import { CmaEs, optimise, SearchSpace } from '@namm/cma-es';
const sphere = (x) => x.reduce((sum, value) => sum + value * value, 0);
const models = [
  { model: 'full' },
  { model: 'full', factor: 'matrix-adaptation', precision: 'single' },
  { model: 'sep' },
  { model: 'iso' },
  { model: 'lm-ma' },
];
export const results = models.map((model) => {
  let strategy = new CmaEs({ mean: [3, -2, 1, 0.5, 2], sigma: 1, seed: 7, ...model });
  for (let generation = 0; generation < 30; generation++) {
    strategy.tell(strategy.ask().map(({ id, parameters }) => ({ id, fitness: sphere(parameters) })));
    strategy = CmaEs.load(strategy.save());
  }
  return [...strategy.mean, strategy.sigma];
});

const space = new SearchSpace({
  rate: { kind: 'log', low: 1e-4, high: 1 },
  optimiser: { kind: 'categorical', choices: ['sgd', 'adam'] },
});
const stop = { maximumEvaluations: 300 };
const wrong = (values) => Math.log(values.rate / 0.02) ** 2 + (values.optimiser === 'adam' ? 0 : 1);
const settings = { concurrency: 2 };
const objective = async (point) => wrong(space.decode(point));
const search = await optimise(objective, { ...space.options, seed: 1, stop }, settings);
export const found = space.decode(search.answer);
`;

beforeAll(() => {
  const tarballs = ['core', 'tensors', 'cma-es'].map(pack);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'program.js'), program);
  const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync(npm, ['install', ...quiet, ...tarballs], {
    cwd: project,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface Results {
  readonly results: number[][];
  readonly found: { readonly rate: number; readonly optimiser: string };
}

function resultsInNode(): Results {
  const print = `import * as all from './program.js'; console.log(JSON.stringify({ ...all }));`;
  const args = ['--input-type=module', '--eval', print];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' }));
}

/** Serves the project's files, and a page that maps the package names to them. */
function serve(): Promise<Server> {
  const imports = {
    '@namm/cma-es': '/node_modules/@namm/cma-es/dist/index.js',
    '@namm/core/portable': '/node_modules/@namm/core/dist/portable.js',
    '@namm/tensors/portable': '/node_modules/@namm/tensors/dist/portable.js',
  };
  const page = `<!doctype html><link rel="icon" href="data:,">
    <script type="importmap">${JSON.stringify({ imports })}</script>`;
  const server = createServer((request, response) => {
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html').end(page);
    } else if (extname(request.url!) === '.js') {
      response.setHeader('content-type', 'text/javascript');
      createReadStream(join(project, request.url!))
        .on('error', () => response.writeHead(404).end())
        .pipe(response);
    } else response.writeHead(404).end();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('installed alone in an empty project', () => {
  it('brings only @namm/core and @namm/tensors', () => {
    const modules = join(project, 'node_modules');
    const installed = readdirSync(modules).filter((name) => !name.startsWith('.'));
    expect(installed).toEqual(['@namm']);
    const dependencies = {
      core: [],
      tensors: ['@namm/core'],
      'cma-es': ['@namm/core', '@namm/tensors'],
    };
    expect(readdirSync(join(modules, '@namm')).sort()).toEqual(Object.keys(dependencies).sort());
    for (const [name, expected] of Object.entries(dependencies)) {
      const manifest = readFileSync(join(modules, '@namm', name, 'package.json'), 'utf8');
      expect(Object.keys(JSON.parse(manifest).dependencies ?? {})).toEqual(expected);
    }
  });

  it('works in Node', () => {
    const { results, found } = resultsInNode();
    expect(found.rate).toBeCloseTo(0.02, 3);
    expect(found.optimiser).toBe('adam');
    expect(results.length).toBe(5);
    for (const result of results) {
      expect(result.every(Number.isFinite)).toBe(true);
      expect(Math.max(...result.map(Math.abs))).toBeLessThan(0.5); // near the optimum, sigma too
    }
  });

  it.skipIf(findChromium() === null)('works in a browser page, with the same numbers', async () => {
    const server = await serve();
    const { port } = server.address() as AddressInfo;
    const page = await openPage(`http://127.0.0.1:${port}/`);
    try {
      const inBrowser = (await page.evaluate(
        `import('/program.js').then((all) => ({ ...all }))`,
      )) as Results;
      // Engines differ in the last bits of logarithms and sines.
      const { results, found } = resultsInNode();
      const [inNode, inPage] = [results.flat(), inBrowser.results.flat()];
      expect(inBrowser.found.optimiser).toBe(found.optimiser);
      expect(inBrowser.found.rate).toBeCloseTo(found.rate, 9);
      expect(inPage).toHaveLength(inNode.length);
      for (const [i, value] of inPage.entries()) expect(value).toBeCloseTo(inNode[i]!, 9);
      expect(page.errors).toEqual([]);
      // nothing of core and tensors but their portable parts, and nothing from elsewhere
      for (const address of page.requests) {
        expect(address).toMatch(new RegExp(`^(data:|http://127.0.0.1:${port}/)`));
        expect(address).not.toMatch(/(core|tensors)\/dist\/index\.js/);
      }
    } finally {
      await page.close();
      server.close();
    }
  });
});
