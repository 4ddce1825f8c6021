import { createInterface } from 'node:readline/promises';
import {
  addEngineOptions,
  createProgram,
  describeError,
  fromZero,
  numberFromZero,
  openEngine,
  StatusLine,
} from '@namm/cli';
import { ChatSession } from '@namm/serve';

/** `llm chat`: a conversation at the terminal. */
export const chatCommand = addEngineOptions(
  createProgram('chat', 'Talks with a model; /help lists the commands.'),
)
  .option('--system <text>', 'what stands before all that is said')
  .option('--temperature <number>', '0 takes the likeliest token', numberFromZero)
  .option('--seed <seed>', 'of the draws', fromZero)
  .action(async (_, command) => {
    const { engine, tokenizer, keeps, options } = await openEngine(command);
    const { system, temperature, seed, maxTokens } = options;
    const chat = new ChatSession({
      ...{ engine, tokenizer, ...keeps },
      ...(system !== undefined && { system }),
      ...(maxTokens !== undefined && { maxTokens }),
      ...(seed !== undefined && { seed }),
      ...(temperature !== undefined && { sampling: { temperature } }),
    });
    const status = new StatusLine();
    const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' });
    let abort: AbortController | null = null;
    // Ctrl-C stops an answer; where there is none, it ends the chat.
    lines.on('SIGINT', () => (abort === null ? lines.close() : abort.abort()));
    try {
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
          status.finish(describeError(error, command.options));
        }
        abort = null;
        lines.prompt();
      }
    } finally {
      await engine.close(0);
    }
  });
