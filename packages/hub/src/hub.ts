import { InvalidArgumentError } from '@namm/core';

/** A hub: where its files are, and how to request them. */
export interface Hub {
  /** @defaultValue the `HF_ENDPOINT` of the environment, or `https://huggingface.co/` */
  readonly host: string;
  /** Path of a repository's files, with `{model}` and `{revision}`. @defaultValue `{model}/resolve/{revision}/` */
  readonly pathTemplate: string;
  /** Sends the requests. @defaultValue `fetch` */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** User agent of the requests. */
  readonly userAgent: string;
}

/**
 * The hub of Hugging Face, with what a caller has otherwise.
 *
 * @throws {InvalidArgumentError} when its host is not a URL
 */
export function hubWith(given: Partial<Hub> = {}): Hub {
  const host = given.host ?? (process.env.HF_ENDPOINT || 'https://huggingface.co/');
  if (!URL.canParse(host) || !/^https?:$/.test(new URL(host).protocol)) {
    const name = given.host === undefined ? 'HF_ENDPOINT' : 'hub.host';
    throw new InvalidArgumentError(name, `'${host}' is not an http or https URL`);
  }
  return {
    pathTemplate: '{model}/resolve/{revision}/',
    fetch: (url, init) => fetch(url, init),
    userAgent: '@namm/hub',
    ...given,
    host,
  };
}
