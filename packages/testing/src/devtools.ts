import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Parameters = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Parameters;
  readonly result?: Parameters;
  readonly error?: { readonly message: string };
}

interface Pending {
  resolve(result: Parameters): void;
  reject(reason: Error): void;
}

/**
 * A Chromium process and its DevTools protocol, spoken over pipes: JSON messages that end with a zero
 * byte, in on descriptor 3 and out on descriptor 4.
 */
export class DevTools {
  readonly #process: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), 'namm-chromium-'));
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(method: string, params: Parameters) => void>();
  readonly #exited: Promise<void>;
  #received = '';
  #lastId = 0;

  constructor(program: string) {
    const args = [
      '--headless',
      '--no-sandbox', // root, as in a container, has none
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--remote-debugging-pipe',
      `--user-data-dir=${this.#profile}`,
      'about:blank',
    ];
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    this.#process = spawn(program, args, { stdio: [...stdio] });
    const output = this.#process.stdio[4] as Readable;
    output.setEncoding('utf8');
    output.on('data', (text: string) => this.#receive(text));
    this.#exited = new Promise((resolve) => {
      const end = () => {
        for (const { reject } of this.#pending.values()) reject(new Error('Chromium has ended'));
        this.#pending.clear();
        resolve();
      };
      this.#process.once('exit', end);
      this.#process.once('error', end);
    });
    (this.#process.stdio[3] as Writable).on('error', () => {}); // the exit says it
  }

  /** Sends a command and waits for its result. */
  send(method: string, params: Parameters = {}, sessionId?: string): Promise<Parameters> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#process.exitCode !== null) reject(new Error('Chromium has ended'));
      this.#pending.set(id, { resolve, reject });
      const message = JSON.stringify({ id, method, params, sessionId });
      (this.#process.stdio[3] as Writable).write(`${message}\0`);
    });
  }

  /** Calls a listener with every event. */
  listen(listener: (method: string, params: Parameters) => void): void {
    this.#listeners.add(listener);
  }

  /** Ends the process and removes its profile. */
  async close(): Promise<void> {
    // Asked first, so that its helper processes write no more when their folder goes.
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await Promise.race([this.send('Browser.close').catch(() => {}), this.#exited]);
    await this.#exited;
    clearTimeout(timer);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #receive(text: string): void {
    const parts = (this.#received + text).split('\0');
    this.#received = parts.pop() ?? '';
    for (const part of parts) this.#dispatch(JSON.parse(part));
  }

  #dispatch({ id, method, params = {}, result = {}, error }: Message): void {
    if (id === undefined) {
      for (const listener of this.#listeners) listener(method ?? '', params);
      return;
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) pending?.reject(new Error(error.message));
    else pending?.resolve(result);
  }
}
