import {
  addEngineOptions,
  count,
  createProgram,
  listOf,
  openEngine,
  port,
  StatusLine,
} from '@namm/cli';

const keyOf = ({ apiKey = process.env.LLM_API_KEY }: { readonly apiKey?: string }) => apiKey;

/** `llm serve`: an OpenAI-compatible server. */
export const serveCommand = addEngineOptions(
  createProgram('serve', 'Serves a model to clients of OpenAI’s interface, and a page to chat on.'),
)
  .option('--host <host>', 'address to listen on', '127.0.0.1')
  .option('--port <port>', 'port to listen on; 0 takes a free one', port, 8080)
  .option('--api-key <key>', 'key that clients must send (LLM_API_KEY)')
  .option(
    '--origins <list>',
    'web pages that may use it, by origin, separated by commas',
    listOf(String),
  )
  .option('--timeout <seconds>', 'longest time for an answer', count, 600)
  .action(async (_, command) => {
    const { checkAddress, serve } = await import('@namm/serve');
    const { engine, tokenizer, model, keeps, options } = await openEngine(command, {
      check: (given) => checkAddress(given.host, keyOf(given) ?? null),
    });
    const { host, origins, timeout, maxTokens } = options;
    const apiKey = keyOf(options);
    const status = new StatusLine();
    try {
      const server = await serve({
        ...{
          engine,
          tokenizer,
          model,
          ...keeps,
          host,
          port: options.port,
          timeout: timeout * 1000,
        },
        ...(apiKey && { apiKey }),
        ...(origins && { origins }),
        ...(maxTokens && { maxTokens }),
        onWarning: (message) => status.finish(message),
      });
      console.log(`${model}: ${server.url} for a page, ${server.url}/v1 for clients`);
      const signal = await new Promise<string>((resolve) => {
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
      });
      status.finish(`${signal}: what runs is finished, and conversations are saved`);
      await server.close();
    } finally {
      if (engine.closed === null) await engine.close(0);
    }
  });
