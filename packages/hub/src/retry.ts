import { setTimeout as wait } from 'node:timers/promises';
import { NammError } from '@namm/core';
import { DownloadError, type ModelFile } from './errors.js';
import { CallbackError } from './loading-progress.js';

/** When to retry and when to give up. */
export interface RetryPolicy {
  /** Consecutive attempts without progress before giving up. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly delay: number;
  /** Milliseconds without data after which a connection is abandoned. */
  readonly silence: number;
}

export const usualRetries: RetryPolicy = { attempts: 5, delay: 500, silence: 60_000 };

/**
 * Does something over a network until it succeeds. An attempt that fails but brought something on counts
 * as the first of its row.
 *
 * @param attempt gets a signal that aborts when the caller's does, or after a silence that `heard` did not break
 * @param progress a number that grows when an attempt brings something
 * @throws {DownloadError} when no attempt is left; errors of ours and the caller's abort at once
 */
export async function withRetries<Result>(
  where: ModelFile,
  { attempts, delay, silence }: RetryPolicy,
  signal: AbortSignal | undefined,
  progress: () => number,
  attempt: (signal: AbortSignal, heard: () => void) => Promise<Result>,
): Promise<Result> {
  let failures = 0;
  let before = progress();
  while (true) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(
      () => controller.abort(new Error(`silent for ${silence} ms`)),
      silence,
    );
    try {
      return await attempt(controller.signal, () => timer.refresh());
    } catch (error) {
      signal?.throwIfAborted();
      if (NammError.isInstance(error) || error instanceof CallbackError) throw error;
      if (progress() > before) failures = 0;
      before = progress();
      const most = before === 0 ? (firstContact[reasonOf(error)] ?? attempts) : attempts;
      if (++failures >= Math.min(most, attempts)) throw given(where, failures, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
    await wait(delay * 2 ** (failures - 1), undefined, signal ? { signal } : {}).catch(() => {
      signal?.throwIfAborted();
    });
  }
}

/** What a machine without a network says at once; it says the same a moment later. */
const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name cannot be looked up',
  ENETUNREACH: 'there is no way to it',
  EHOSTUNREACH: 'there is no way to it',
  ECONNREFUSED: 'it takes no connections',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  ETIMEDOUT: 'it does not answer',
  'bad port': 'its port is not one for the web',
};

/** Attempts where nothing has come yet: a name may be found the second time; to wait for an answer again takes as long. */
const firstContact: Readonly<Record<string, number>> = {
  ...{ ENOTFOUND: 2, EAI_AGAIN: 2, ENETUNREACH: 2, EHOSTUNREACH: 2, ECONNREFUSED: 2 },
  ...{ UND_ERR_CONNECT_TIMEOUT: 1, ETIMEDOUT: 1, 'bad port': 1 },
};

function reasonOf(error: unknown): string {
  const { cause } = error as {
    cause?: { code?: unknown; message?: unknown; errors?: { code?: unknown }[] };
  };
  return String(cause?.code ?? cause?.errors?.[0]?.code ?? cause?.message ?? '');
}

function given(where: ModelFile, attempts: number, error: unknown): DownloadError {
  const reason = reasonOf(error);
  if (reason in unreachable) {
    const problem = `the hub cannot be reached: ${unreachable[reason]} (${reason})`;
    const advice =
      'check the network, a proxy, and HF_ENDPOINT where it is set; without a network, name the folder of a model.';
    return new DownloadError(where, `${problem}; ${advice}`, { cause: error, details: { reason } });
  }
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  const problem = `could not be fetched in ${attempts} attempts (${said})`;
  return new DownloadError(
    where,
    `${problem}; check the network and try again: what was fetched is kept.`,
    {
      cause: error,
    },
  );
}
