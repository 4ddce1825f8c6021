import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { MeasurementError } from '../measuring/measurement-error.js';

/**
 * node-llama-cpp is installed on demand: with the packages that it offers for every platform and GPU it
 * would add hundreds of megabytes to each clone of the repository.
 */
const version = '3.22.1';

/** The package with llama.cpp built for the CPU of this platform. */
const binaries: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/** Where it is looked for, unless the user names another folder. */
export const nodeLlamaCppFolder = join(homedir(), '.cache', 'namm', `node-llama-cpp-${version}`);

/** What of its interface is used here. */
export interface NodeLlamaCpp {
  getLlama(options: {
    gpu: false;
    build: 'never';
    skipDownload: true;
    progressLogs: false;
    logLevel: 'error';
    maxThreads: number;
  }): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      createContext(options: {
        contextSize: number;
        sequences?: number;
        threads: number;
        flashAttention?: boolean;
        experimentalKvCacheKeyType?: string;
        experimentalKvCacheValueType?: string;
      }): Promise<{ getSequence(): LlamaSequence }>;
    }>;
    dispose(): Promise<void>;
  }>;
}

interface LlamaSequence {
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
  saveStateToFile(path: string): Promise<unknown>;
  loadStateFromFile(path: string, acceptRisk: { acceptRisk: true }): Promise<void>;
  clearHistory(): Promise<void>;
  evaluate(
    tokens: readonly number[],
    options: { temperature: 0; yieldEogToken: true },
  ): AsyncIterable<number>;
  controlledEvaluate(
    input: (number | readonly [token: number, options: { generateNext: { logits: true } }])[],
  ): Promise<({ next: { logits?: ReadonlyMap<number, number> } } | undefined)[]>;
}

/** The npm command that installs exactly what is measured, without its build scripts. */
function installArguments(folder: string): string[] {
  const platform = `${process.platform}-${process.arch}`;
  const binary = binaries[platform];
  if (!binary) throw new MeasurementError(`node-llama-cpp has nothing built for ${platform}.`);
  const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/${binary}@${version}`];
  const options = ['--prefix', resolve(folder), '--ignore-scripts', '--omit=optional'];
  return ['install', ...options, ...packages];
}

/** The same for a person to type. */
export function installCommand(folder: string): string {
  return `npm ${installArguments(folder).join(' ')}`;
}

/** @throws {MeasurementError} when npm fails */
export async function installNodeLlamaCpp(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    const onWindows = process.platform === 'win32'; // where npm is a script
    await promisify(execFile)('npm', installArguments(folder), { shell: onWindows });
  } catch (cause) {
    const problem = (cause as Error).message.trim();
    throw new MeasurementError(`node-llama-cpp cannot be installed: ${problem}`, { cause });
  }
}

/**
 * Whether the folder holds it.
 *
 * @throws {MeasurementError} when it holds another version
 */
export async function hasNodeLlamaCpp(folder: string): Promise<boolean> {
  const manifest = join(folder, 'node_modules', 'node-llama-cpp', 'package.json');
  const text = await readFile(manifest, 'utf8').catch(() => null);
  if (text === null) return false;
  const found = (JSON.parse(text) as { version: string }).version;
  if (found === version) return true;
  throw new MeasurementError(
    `${folder} holds node-llama-cpp ${found}, and ${version} is measured: ${installCommand(folder)}`,
  );
}

export async function loadNodeLlamaCpp(folder: string): Promise<NodeLlamaCpp> {
  const entry = join(resolve(folder), 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
  return (await import(pathToFileURL(entry).href)) as NodeLlamaCpp;
}
