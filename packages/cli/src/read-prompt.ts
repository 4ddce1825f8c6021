import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describeNoText, InvalidArgumentError } from '@namm/core';

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
  if (prompt !== undefined) return decode('--prompt', '', Buffer.from(prompt));
  if (promptFile !== undefined && promptFile !== '-') {
    const found = await stat(promptFile).catch(() => null);
    const problem = !found ? 'does not exist' : found.isDirectory() ? 'is a folder' : null;
    if (problem !== null)
      throw new InvalidArgumentError('--prompt-file', `${promptFile} ${problem}`);
    return decode('--prompt-file', `${promptFile} `, await readFile(promptFile));
  }
  if (promptFile === undefined && process.stdin.isTTY) {
    const problem = 'there is none; give --prompt, --prompt-file, or text on standard input';
    throw new InvalidArgumentError('prompt', problem);
  }
  return decode('standard input', '', await buffer(process.stdin));
}

function decode(argument: string, file: string, bytes: Uint8Array): string {
  const problem = describeNoText(bytes);
  if (problem === null) return new TextDecoder().decode(bytes);
  const advice = '; give --prompt, --prompt-file, or text on standard input';
  throw new InvalidArgumentError(argument, file + problem + (problem === 'is empty' ? advice : ''));
}
