import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import {
  createEnvironment,
  type EnvironmentSettings,
  isMemoryTask,
  mujocoVersion,
} from '@namm/environments';

/** Everything that an agent's episodes depend on, except its memory. */
export interface PlayIdentity {
  /** SHA-256 of the agent's files. */
  readonly agent: string;
  readonly environment: EnvironmentSettings;
  /** Version of MuJoCo, on which the physics depends; null in a memory task. */
  readonly physics: string | null;
}

/**
 * Which agent plays in which environment.
 *
 * @param agent folder of a Decision Transformer
 * @param environment if left out, that of the folder's `agent.json`
 * @throws {InvalidArgumentError} for an invalid or missing environment
 * @throws {FileFormatError} when the folder cannot be read
 */
export async function identifyPlay(
  agent: string,
  environment?: EnvironmentSettings,
): Promise<PlayIdentity> {
  const digest = await digestOf(agent);
  const settings = environment ?? (await environmentOf(agent));
  (await createEnvironment(settings)).release(); // checks it
  const physics = isMemoryTask(settings) ? null : mujocoVersion;
  return { agent: digest, environment: settings, physics };
}

/** What `agent.json` says that the model was trained for. */
async function environmentOf(folder: string): Promise<EnvironmentSettings> {
  const file = join(folder, 'agent.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  try {
    const { environment } = JSON.parse(text ?? '{}') as { environment?: EnvironmentSettings };
    if (environment !== undefined) return environment;
  } catch (cause) {
    throw new FileFormatError(file, 'is not valid JSON', { cause });
  }
  const problem = `is missing, and ${text === null ? `there is no ${file}` : `${file} says none`}`;
  throw new InvalidArgumentError('environment', problem);
}

/** Of all that says what the agent computes: cards may change, and NAMMs that lie beside it. */
async function digestOf(folder: string): Promise<string> {
  const names = await readdir(folder).catch((cause) => {
    throw new FileFormatError(folder, 'is not a folder that can be read', { cause });
  });
  const hash = createHash('sha256');
  const isPart = (name: string) => /\.(json|safetensors)$/.test(name) && !name.startsWith('namm');
  for (const name of names.filter(isPart).sort()) {
    hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex');
}
