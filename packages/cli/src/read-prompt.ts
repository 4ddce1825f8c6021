import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { InvalidArgumentError } from '@namm/core';

export interface PromptOptions {
  readonly prompt?: string;
  /** A file; `-` is standard input. */
  readonly promptFile?: string;
}

/**
 * The text that a command is given: `--prompt`, `--prompt-file`, or what is piped into it.
 *
 * @throws {InvalidArgumentError} when there is none, it is empty or it is not text
 */
export async function readPrompt({ prompt, promptFile }: PromptOptions): Promise<string> {
  if (prompt !== undefined && promptFile !== undefined) {
    throw new InvalidArgumentError('--prompt-file', 'give --prompt or --prompt-file, not both');
  }
  if (prompt !== undefined) return checked('--prompt', prompt);
  if (promptFile !== undefined && promptFile !== '-') {
    const found = await stat(promptFile).catch(() => null);
    const problem = !found ? 'does not exist' : found.isDirectory() ? 'is a folder' : null;
    if (problem !== null)
      throw new InvalidArgumentError('--prompt-file', `${promptFile} ${problem}`);
    return checked(promptFile, decode(promptFile, await readFile(promptFile)));
  }
  if (promptFile === undefined && process.stdin.isTTY) {
    const problem = 'there is none; give --prompt, --prompt-file, or text on standard input';
    throw new InvalidArgumentError('prompt', problem);
  }
  const name = 'standard input';
  return checked(name, decode(name, await buffer(process.stdin)));
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // said below
  }
  throw new InvalidArgumentError(name, 'is not text in UTF-8');
}

function checked(name: string, text: string): string {
  if (text.trim() !== '') return text;
  const advice = 'give --prompt, --prompt-file, or text on standard input';
  throw new InvalidArgumentError(name, `is empty; ${advice}`);
}
