import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeHub } from '@namm/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DownloadError,
  type HubEvent,
  ModelNotFoundError,
  type ResolveOptions,
  resolveModel,
} from './index.js';

const id = 'someone/tiny';
const files = new Map<string, Uint8Array>([
  ['config.json', Buffer.from('{}')],
  ['model.safetensors', new Uint8Array(3_000_000).fill(7)],
]);

let hub: FakeHub;
let work: string;
beforeEach(async () => {
  hub = await FakeHub.start();
  hub.repositories.set(id, { files, commit: 'b'.repeat(40) });
  work = await mkdtemp(join(tmpdir(), 'namm-hub-'));
  vi.stubEnv('HF_HUB_OFFLINE', undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.stop();
  await rm(work, { recursive: true });
});

function resolve(model = id, options: ResolveOptions = {}): Promise<string> {
  const retries = { attempts: 2, delay: 1, silence: 2000 };
  return resolveModel(model, { cacheFolder: work, hub: { host: hub.url }, retries, ...options });
}

describe('resolveModel', () => {
  it('fetches a model once, and tells how far it is', async () => {
    const events: HubEvent[] = [];
    const onEvent = (event: HubEvent) => void events.push(event);
    expect(await resolve(id, { onEvent })).toBe(join(work, id));
    const shares = events.filter((event) => event.status === 'progress_total');
    expect(shares.at(-1)).toMatchObject({ progress: 100, loaded: 3_000_002 });
    const asked = hub.requests.length;
    expect(await resolve()).toBe(join(work, id));
    expect(hub.requests).toHaveLength(asked);
  });

  it('goes on where it stopped', async () => {
    hub.faults.set('model.safetensors', [{ breakAfter: 1_000_000 }]);
    await resolve();
    // What arrived by then is not always all that was sent.
    expect(hub.asked('model.safetensors').at(-1)).toMatch(/^storage bytes=[1-9]\d*-$/);
  });

  it('fetches the further chat templates beside that of a file', async () => {
    const templates = new Map(files);
    for (const name of ['chat_template.jinja', 'additional_chat_templates/tool_use.jinja']) {
      templates.set(name, Buffer.from(name));
    }
    hub.repositories.set(id, { files: templates, commit: 'b'.repeat(40) });
    const folder = await resolve();
    const file = join(folder, 'additional_chat_templates', 'tool_use.jinja');
    expect(await readFile(file, 'utf8')).toBe('additional_chat_templates/tool_use.jinja');
  });

  it.each<[string, number]>([
    ['ENOTFOUND', 2],
    ['EAI_AGAIN', 2],
    ['ECONNREFUSED', 2],
    ['UND_ERR_CONNECT_TIMEOUT', 1],
    ['ETIMEDOUT', 1],
  ])('says soon that there is no network: %s', async (code, attempts) => {
    let asked = 0;
    const failing = async () => {
      asked++;
      const cause = Object.assign(new Error(`getaddrinfo ${code} huggingface.co`), { code });
      throw new TypeError('fetch failed', { cause });
    };
    const retries = { attempts: 5, delay: 1, silence: 2000 };
    const error: unknown = await resolve(id, { hub: { fetch: failing }, retries }).catch((e) => e);
    expect(error).toBeInstanceOf(DownloadError);
    expect((error as Error).message).toMatch(
      /the hub cannot be reached.*name the folder of a model/,
    );
    expect(asked).toBe(attempts);
  });

  it('asks a hub that cannot be asked once, or not at all', async () => {
    await expect(resolve(id, { hub: { host: 'http://127.0.0.1:1' } })).rejects.toThrow(
      /the hub cannot be reached: its port is not one for the web/,
    );
    for (const host of ['nonsense', 'ftp://there', '']) {
      const refusal = resolve(id, { hub: { host } });
      await expect(refusal).rejects.toThrow(`hub.host: '${host}' is not an http or https URL`);
    }
  });

  it('says that a folder of that name is not that of a model, also when the hub cannot be asked', async () => {
    const here = { localFolder: 'packages', hub: { host: 'http://127.0.0.1:1' } };
    const refusal = resolve('packages', here);
    await expect(refusal).rejects.toThrow(ModelNotFoundError);
    await expect(refusal).rejects.toThrow(
      /cannot be asked. The folder .*packages lacks config.json/,
    );
    await expect(resolve('packages')).rejects.toThrow(
      /does not give it. The folder .*packages lacks/,
    );
    const elsewhere = resolve('packages', { localFolder: null });
    await expect(elsewhere).rejects.toThrow("for it, write './packages'");
  });

  it('takes a folder of that name first', async () => {
    const folder = join(work, 'mine');
    await mkdir(folder);
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    expect(await resolve(folder)).toBe(folder);
    expect(await resolve(id, { localFolder: folder })).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  it('takes a GGUF file, or a folder that holds one, where it will do', async () => {
    const folder = join(work, 'mine');
    await mkdir(folder);
    const file = join(folder, 'tiny.gguf');
    await writeFile(file, 'GGUF');
    expect(await resolve(file, { gguf: true })).toBe(file);
    expect(await resolve(folder, { gguf: true })).toBe(folder);
    await expect(resolve(folder)).rejects.toThrow(/config.json/);
    await mkdir(join(work, 'x.gguf'));
    await expect(resolve(join(work, 'x.gguf'), { gguf: true })).rejects.toThrow(/is a folder/);
    expect(hub.requests).toEqual([]);
  });

  it('fetches a GGUF file of the hub with all its parts, once and from one commit', async () => {
    const parts = ['x-00001-of-00002.gguf', 'x-00002-of-00002.gguf'];
    const stored = new Map(parts.map((name) => [name, new Uint8Array(500_000).fill(3)]));
    stored.set('one.gguf', Buffer.from('GGUF'));
    hub.repositories.set(id, { files: stored, commit: 'c'.repeat(40) });
    hub.faults.set(parts[1]!, [{ breakAfter: 200_000 }]);
    const name = `${id}:${parts[0]}`;
    expect(await resolve(name, { gguf: true })).toBe(join(work, id, parts[0]!));
    for (const [part, bytes] of stored) {
      if (part !== 'one.gguf')
        expect(await readFile(join(work, id, part))).toEqual(Buffer.from(bytes));
    }
    expect(hub.asked(parts[1]!).at(-1)).toMatch(/bytes=[1-9]\d*-$/);
    const asked = hub.requests.length;
    expect(await resolve(name, { gguf: true, offline: 'told so' })).toBe(join(work, id, parts[0]!));
    expect(hub.requests).toHaveLength(asked);
    expect(await resolve(`${id}:one.gguf`, { gguf: true })).toBe(join(work, id, 'one.gguf'));
    for (const [model, options, message] of [
      [`${id}:two.gguf`, {}, /two.gguf of someone\/tiny .*there is no such file/],
      [`${id}:two.gguf`, { offline: 'told so' }, /not complete in .*, and told so/],
      [`${id}:${parts[1]}`, {}, /is not the first part of a split model/],
      [`${id}:../two.gguf`, {}, /OWNER\/NAME:FILE.gguf/],
    ] as const) {
      await expect(resolve(model, { gguf: true, ...options })).rejects.toThrow(message);
    }
    await expect(resolve(name)).rejects.toThrow(/which is not read here/);
  });

  it.each<[string, string, ResolveOptions, RegExp]>([
    [
      'a folder that is not there',
      './no/such/folder',
      {},
      /(does not exist|is not a folder); a model id looks like/,
    ],
    ['a GGUF file', 'models/tiny.gguf', {}, /GGUF file, which is not read here/],
    [
      'a GGUF file that is not there',
      './no.gguf',
      { gguf: true },
      /is not a file. A file of the hub is named by its model/,
    ],
    ['a URL', 'https://example.com/x', {}, /is a URL/],
    ['nothing', '', {}, /neither the id of a model nor the path/],
    ['a model nobody has', 'no/such-model', {}, /there is no such model/],
    ['the hub when told not to', id, { offline: '--offline was given' }, /and --offline was given/],
    ['a path where only ids are wanted', './x', { localFolder: null }, /is not the id of a model/],
    [
      'an option that does not exist',
      id,
      { cacheDir: 'x' } as never,
      /cacheDir: is not an option of resolveModel/,
    ],
    ['a signal that is none', id, { signal: {} as never }, /is not an AbortSignal/],
  ])('refuses %s', async (_, model, options, message) => {
    await expect(resolve(model, options)).rejects.toThrow(message);
  });
});
