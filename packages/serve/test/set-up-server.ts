import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type FreshBundle, freshBundle, type RandomModel } from '@namm/testing';
import { afterAll, beforeAll } from 'vitest';
import type { EngineOptions, ServeOptions } from '../src/index.js';
import { scriptedModel } from './scripted-model.js';

/** Milliseconds for what is made before the tests, on a busy machine too. */
const patience = 300_000;

const packages = join(import.meta.dirname, '../..');

/** A server in a process. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote to standard error. */
  readonly log: () => string;
}

export interface ServerSetup {
  start(
    engine?: Partial<EngineOptions>,
    serve?: Partial<Omit<ServeOptions, 'engine' | 'tokenizer'>>,
    /** Kilobytes of the largest file that the system lets it write, as a disk that is full would. */
    largestFile?: number,
  ): Promise<ServerProcess>;
}

/** Servers over the scripted model; they end with the tests. */
export function setUpServers(): ServerSetup {
  let model: RandomModel;
  let bundle: FreshBundle;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    model = await scriptedModel();
    bundle = await freshBundle({
      worker: join(packages, 'decoder/src/worker.ts'),
      policies: join(packages, 'kv-cache/src/index.ts'),
      server: join(import.meta.dirname, 'server-process.ts'),
    });
  }, patience);
  afterAll(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await bundle.remove();
    await model.remove();
  }, patience);
  return {
    async start(engine = {}, serve = {}, largestFile) {
      const options = {
        model: model.folder,
        engine: {
          ...{ memoryLimit: 1e9, folder: null },
          decoder: { workerFile: bundle.file('worker'), threads: 1, chunkSize: 32 },
          policyModule: pathToFileURL(bundle.file('policies')).href,
          ...engine,
        },
        serve: { model: 'scripted', port: 0, ...serve },
      };
      const command = [process.execPath, bundle.file('server'), JSON.stringify(options)];
      const limited = ['-c', `ulimit -f ${largestFile}; exec "$@"`, 'bash', ...command];
      const [program = '', ...args] = largestFile === undefined ? command : ['bash', ...limited];
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      let log = '';
      child.stderr.on('data', (text) => {
        log += text;
      });
      const url = await new Promise<string>((resolve, reject) => {
        child.stdout.once('data', (text) => resolve(String(text).trim()));
        child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${log}`)));
      });
      return { url, child, log: () => log };
    },
  };
}
