import { createInterface } from 'node:readline/promises';
import type { ChatSession } from '@namm/serve';
import type { Command } from 'commander';
import { describeError } from './describe-error.js';
import { StatusLine } from './status-line.js';

/**
 * Lets somebody talk: answers go to standard output, the rest to standard error. Ctrl-C stops an answer; where there is
 * none, it ends the chat.
 *
 * @param options of the command, for errors that name one
 */
export async function chatAtTerminal(
  chat: ChatSession,
  options: Command['options'],
): Promise<void> {
  const status = new StatusLine();
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' });
  let abort: AbortController | null = null;
  lines.on('SIGINT', () => (abort === null ? lines.close() : abort.abort()));
  lines.prompt();
  for await (const line of lines) {
    try {
      if (line.trim().startsWith('/')) console.log(await chat.command(line));
      else if (line.trim() !== '') {
        abort = new AbortController();
        for await (const piece of chat.say(line, abort.signal)) process.stdout.write(piece);
        process.stdout.write('\n');
        status.finish(chat.status);
      }
    } catch (error) {
      status.finish(describeError(error, options));
    }
    abort = null;
    lines.prompt();
  }
}
