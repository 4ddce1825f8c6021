import { createInterface } from 'node:readline/promises';
import type { ChatSession } from '@namm/serve';
import type { Command } from 'commander';
import { describeError } from './describe-error.js';
import { interruptSignal } from './interruption.js';
import { StatusLine } from './status-line.js';

/**
 * Lets somebody talk: answers go to standard output, the rest to standard error. `/exit`, `/quit` and the end of the input end it. Ctrl-C stops an answer; where there is
 * none, it ends the chat. Where lines are piped in, there is nobody to go on: SIGINT stops the answer and ends the chat.
 *
 * @param options of the command, for errors that name one
 */
export async function chatAtTerminal(
  chat: ChatSession,
  options: Command['options'],
): Promise<void> {
  const status = new StatusLine();
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' });
  const signal = interruptSignal();
  let abort: AbortController | null = null;
  lines.on('SIGINT', () => (abort === null ? lines.close() : abort.abort()));
  signal.addEventListener('abort', () => {
    abort?.abort();
    lines.close();
  });
  const ask = () => {
    if (process.stdin.isTTY) lines.prompt();
  };
  if (process.stdin.isTTY) status.finish('/help lists the commands; /exit or Ctrl-D ends');
  ask();
  for await (const line of lines) {
    if (signal.aborted || /^\s*\/(exit|quit)\s*$/.test(line)) break;
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
    ask();
  }
}
