import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { checkInteger, checkNames, InvalidArgumentError } from '@namm/core';
import type { Tokenizer } from '@namm/decoder';
import type { BudgetInput } from '@namm/kv-cache';
import type { Engine } from '../engine/engine.js';
import { TextEngine } from '../text/text-engine.js';
import { createApp } from './create-app.js';

export interface ServeOptions {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** The model's name for clients. */
  readonly model: string;
  /**
   * Default policy of conversations.
   * @defaultValue everything; `keydiff` with a budget
   */
  readonly policy?: string;
  readonly budget?: BudgetInput;
  /** @defaultValue '127.0.0.1' */
  readonly host?: string;
  /**
   * 0 for any free port.
   * @defaultValue 8080
   */
  readonly port?: number;
  /** Key that callers must send as `Authorization: Bearer`; required unless the host is this machine only. */
  readonly apiKey?: string;
  /** Origins besides its own whose pages may use the server, such as `http://localhost:3000`. */
  readonly origins?: readonly string[];
  /**
   * Time limit of an answer in milliseconds, including waiting.
   * @defaultValue ten minutes
   */
  readonly timeout?: number;
  /**
   * Most tokens of an answer, whatever the request asks for.
   * @defaultValue 8192
   */
  readonly maxTokens?: number;
  /** Called with warnings for the operator. */
  readonly onWarning?: (message: string) => void;
}

const optionNames = [
  ...(['engine', 'tokenizer', 'model', 'policy', 'budget', 'host', 'port'] as const),
  ...(['apiKey', 'origins', 'timeout', 'maxTokens', 'onWarning'] as const),
] as const satisfies readonly (keyof ServeOptions)[];

/** A running server. */
export interface RunningServer {
  /** Its URL, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Accepts no more requests, lets running ones finish, saves conversations and frees the model.
   *
   * @param patience milliseconds to wait for running requests
   */
  close(patience?: number): Promise<void>;
}

const loopback = ['127.0.0.1', 'localhost', '[::1]'];

const isLocal = (host: string) => [...loopback, '::1'].includes(host);

/**
 * Refuses an address that others can reach without a key. {@link serve} checks this itself; call it to check before
 * loading a model.
 *
 * @throws {InvalidArgumentError} when other machines can reach the host and there is no key
 * @example
 * ```ts
 * checkAddress('127.0.0.1', null); // on 0.0.0.0 it would ask for a key
 * ```
 */
export function checkAddress(host: string, apiKey: string | null): void {
  if (isLocal(host) || apiKey !== null) return;
  throw new InvalidArgumentError('apiKey', `is needed on ${host}, where others can reach it`);
}

/**
 * Serves a model through OpenAI's API, by default only on this machine.
 *
 * @throws {InvalidArgumentError} for a bad option
 * @throws the system's error when the port is not available
 * @example
 * ```ts
 * const server = await serve({ engine, tokenizer, model: 'SmolLM2-135M-Instruct', port: 8080 });
 * console.log(server.url);
 * await server.close();
 * ```
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  checkNames('serve', options, optionNames);
  const { engine, host = '127.0.0.1', port = 8080, apiKey = null, origins = [] } = options;
  const { timeout = 600_000, maxTokens = 8192, onWarning = () => {} } = options;
  checkInteger('port', port, 0);
  checkInteger('timeout', timeout, 1);
  checkInteger('maxTokens', maxTokens, 1);
  checkAddress(host, apiKey);
  const text = new TextEngine(options);
  await text.choosePolicy(null, null); // reports an invalid one now
  const context = { text, model: options.model, timeout, maxTokens, onWarning };
  const app = createApp(context, { hosts: isLocal(host) ? loopback : null, origins, apiKey });
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { requestTimeout: 60_000, headersTimeout: 30_000, maxHeaderSize: 16_384 },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem = {
        EADDRINUSE: ['port', `${port} is in use on ${host}; choose another, or 0 for any`],
        EACCES: ['port', `${port} may not be listened on; choose one above 1023`],
        EADDRNOTAVAIL: ['host', `${host} is no address of this machine`],
      }[cause.code ?? ''] as [name: string, problem: string] | undefined;
      reject(problem ? new InvalidArgumentError(...problem, { cause }) : cause);
    });
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close(patience = 30_000) {
      const closed = new Promise((resolve) => server.close(resolve));
      await engine.close(patience);
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}
