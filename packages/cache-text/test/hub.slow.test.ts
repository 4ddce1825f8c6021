import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoTokenizer, env, type ProgressInfo } from '@huggingface/transformers';
import { NammError } from '@namm/core';
import { FakeHub } from '@namm/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NammModelForCausalLM } from '../src/index.js';
import { type ResolveFolderOptions, resolveModelFolder } from '../src/resolve-model-folder.js';
import { folder, idsTensor, reference, rowsOf } from './helpers.js';
import { shardedFiles } from './shard-model.js';

const commit = 'a'.repeat(40);
const id = 'someone/tiny-llama';
const names = [
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
];
const files = new Map<string, Uint8Array>(
  names.map((name) => [name, readFileSync(join(folder, name))]),
);
const weights = files.get('model.safetensors')!;
const generationConfig = Buffer.from('{"eos_token_id":[2,7],"do_sample":false}');
files.set('generation_config.json', generationConfig);

let hub: FakeHub;
let work: string;
let cache: string;
const savedEnv = { ...env, fetch: env.fetch };
beforeEach(async () => {
  hub = await FakeHub.start();
  hub.repositories.set(id, { files, commit });
  work = await mkdtemp(join(tmpdir(), 'namm-hub-'));
  cache = join(work, 'cache');
  env.remoteHost = hub.url;
  env.localModelPath = join(work, 'models');
  env.cacheDir = cache;
  for (const name of ['HF_TOKEN', 'HF_ACCESS_TOKEN', 'HF_HUB_OFFLINE']) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  const { remoteHost, localModelPath, cacheDir, allowLocalModels, allowRemoteModels, fetch } =
    savedEnv;
  Object.assign(env, {
    remoteHost,
    localModelPath,
    cacheDir,
    allowLocalModels,
    allowRemoteModels,
    fetch,
  });
  await hub.stop();
  await rm(work, { recursive: true });
});

const retries = { attempts: 2, delay: 1, silence: 300 };

/** Fetches with little patience. */
function fetchModel(options: Partial<ResolveFolderOptions> = {}, model = id): Promise<string> {
  return resolveModelFolder(model, {
    revision: 'main',
    subfolder: '',
    cacheFolder: null,
    localFilesOnly: false,
    signal: undefined,
    progressCallback: null,
    retries,
    ...options,
  });
}

/** The error that it ends with. */
async function failure(promise: Promise<unknown>): Promise<NammError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toSatisfy(NammError.isInstance);
  return error as NammError;
}

const holds = async (path: string, bytes: Uint8Array) => (await readFile(path)).equals(bytes);
const incomplete = () =>
  readdirSync(join(cache, id)).filter((name) => name.endsWith('.incomplete'));

/** Waits until so much of a large file is on the disk. */
const onDisk = (bytes: number) => async () => {
  const held = () =>
    incomplete().reduce((sum, name) => sum + statSync(join(cache, id, name)).size, 0);
  while (held() < bytes) await new Promise((done) => setTimeout(done, 5));
};

describe('a model on the hub', () => {
  it('is loaded by its id, streamed to the cache of transformers.js, and found there again', async () => {
    const model = await NammModelForCausalLM.from_pretrained(id, { threads: 1 });
    expect(model.folder).toBe(join(cache, id));
    expect(model.generation_config).toEqual({ eos_token_id: [2, 7], do_sample: false });
    for (const [name, bytes] of files) {
      expect(await holds(join(cache, id, name), bytes)).toBe(true);
    }
    const input_ids = idsTensor(reference.input_ids);
    const sequences = await model.generate({ input_ids, max_new_tokens: 8 });
    expect(rowsOf(sequences)[0]!.slice(24)).toEqual(reference.greedy_ids.slice(0, 8));
    await model.dispose();

    // transformers.js finds its files there; we ask nobody.
    hub.requests.length = 0;
    await AutoTokenizer.from_pretrained(id, { local_files_only: true });
    const again = await NammModelForCausalLM.from_pretrained(id, {
      threads: 1,
      local_files_only: true,
    });
    expect(hub.requests).toEqual([]);
    await again.dispose();
  });

  it('takes what transformers.js has fetched already', async () => {
    await AutoTokenizer.from_pretrained(id);
    hub.requests.length = 0;
    await fetchModel();
    expect(hub.asked('tokenizer.json')).toEqual([]);
    expect(hub.asked('config.json')).toEqual(['hub whole']);
  });

  it('is laid out by revision, and other revisions stay', async () => {
    expect(await fetchModel({ revision: 'refs/pr/1' })).toBe(join(cache, id, 'refs/pr/1'));
    expect(await fetchModel({ revision: 'v1', cacheFolder: join(work, 'b') })).toBe(
      join(work, 'b', id, 'v1'),
    );
    const paths = hub.requests.map(({ path }) => path);
    expect(paths[0]).toBe(`/${id}/resolve/refs/pr/1/config.json`);
    expect(existsSync(join(cache, id, 'config.json'))).toBe(false);
  });

  it('takes all files from the commit of the first one', async () => {
    await fetchModel();
    const revision = /\/(?:resolve|tree)\/([^/]+)/;
    const [first, ...others] = hub.requests.map(({ path }) => revision.exec(path)?.[1]);
    expect(first).toBe('main');
    expect(new Set(others)).toEqual(new Set([commit]));
  });

  it('may come in shards', async () => {
    const shards = await shardedFiles();
    const sharded = new Map([...files, ...shards]);
    sharded.delete('model.safetensors');
    hub.repositories.set(id, { files: sharded, commit });
    // A break in the middle: the first shard stays.
    hub.faults.set('model-00002-of-00002.safetensors', [{ breakAfter: 1000 }, { status: 503 }]);
    const error = await failure(fetchModel({ retries: { ...retries, attempts: 1 } }));
    expect(error.code).toBe('DOWNLOAD');
    hub.requests.length = 0;
    const model = await NammModelForCausalLM.from_pretrained(id, { threads: 1 });
    expect(hub.asked('model-00001-of-00002.safetensors')).toEqual(['hub bytes=0-0']);
    const input_ids = idsTensor(reference.input_ids);
    const sequences = await model.generate({ input_ids, max_new_tokens: 8 });
    expect(rowsOf(sequences)[0]!.slice(24)).toEqual(reference.greedy_ids.slice(0, 8));
    await model.dispose();
  });

  it('tells a progress callback what transformers.js tells', async () => {
    const events: ProgressInfo[] = [];
    const model = await NammModelForCausalLM.from_pretrained(id, {
      threads: 1,
      progress_callback: (event) => events.push(event),
    });
    await model.dispose();
    const of = (file: string) =>
      events.filter((event) => 'file' in event && event.file === file).map(({ status }) => status);
    expect(of('config.json')).toEqual(['initiate', 'download', 'progress', 'done']);
    const statuses = of('model.safetensors');
    expect(statuses.slice(0, 2)).toEqual(['initiate', 'download']);
    expect(statuses.at(-1)).toBe('done');
    const size = weights.length;
    const last = events.findLast((event) => event.status === 'progress');
    expect(last).toEqual({
      status: 'progress',
      name: id,
      file: 'model.safetensors',
      progress: 100,
      loaded: size,
      total: size,
    });
    const total = events.findLast((event) => event.status === 'progress_total');
    const all = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(total).toMatchObject({ name: id, progress: 100, loaded: all, total: all });
    expect(total).toHaveProperty(['files', 'model.safetensors'], { loaded: size, total: size });
    expect(events.at(-1)).toEqual({ status: 'ready', task: 'text-generation', model: id });
  });

  it('sends the token to the hub, and to nobody else', async () => {
    vi.stubEnv('HF_TOKEN', 'secret');
    await fetchModel();
    // Not to other hosts than the hub, as in transformers.js.
    expect(hub.requests.every(({ authorization }) => authorization === null)).toBe(true);
    hub.requests.length = 0;
    env.remoteHost = 'https://huggingface.co/';
    env.fetch = (url, init) => fetch(String(url).replace('https://huggingface.co/', hub.url), init);
    await fetchModel({ cacheFolder: join(work, 'other') });
    for (const { server, authorization } of hub.requests) {
      expect(authorization).toBe(server === 'hub' ? 'Bearer secret' : null);
    }
    expect(hub.requests.some(({ server }) => server === 'storage')).toBe(true);
  });

  it('is found in env.localModelPath, and in a folder', async () => {
    const own = join(work, 'models', 'mine');
    await mkdir(own, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(own, name), bytes);
    expect(await fetchModel({}, 'mine')).toBe(own);
    expect(await fetchModel({}, own)).toBe(own);
    expect(await fetchModel({ subfolder: 'mine' }, join(work, 'models'))).toBe(own);
    expect(hub.requests).toEqual([]);
  });
});

describe('a download that breaks', () => {
  it('goes on where it stopped, within the call', async () => {
    hub.faults.set('model.safetensors', [
      { breakAfter: 100_000, arrived: onDisk(100_000) },
      { breakAfter: 50_000, arrived: onDisk(150_000) },
      { status: 500 },
    ]);
    const path = await fetchModel({ retries: { ...retries, attempts: 3 } });
    expect(await holds(join(path, 'model.safetensors'), weights)).toBe(true);
    const [, ...content] = hub
      .asked('model.safetensors')
      .filter((one) => one.startsWith('storage'));
    expect(content).toEqual([
      'storage bytes=100000-',
      'storage bytes=150000-',
      'storage bytes=150000-',
    ]);
    expect(incomplete()).toEqual([]);
  });

  it('goes on where it stopped, in a later call', async () => {
    hub.faults.set('model.safetensors', [
      { breakAfter: 100_000, arrived: onDisk(100_000) },
      { status: 503 },
    ]);
    const error = await failure(fetchModel());
    expect(error.code).toBe('DOWNLOAD');
    expect(error.message).toMatch(/model\.safetensors of someone\/tiny-llama .* 2 attempts/);
    expect(error.details).toMatchObject({ model: id, file: 'model.safetensors' });
    expect(incomplete()).toHaveLength(1);
    hub.requests.length = 0;
    const path = await fetchModel();
    expect(hub.asked('model.safetensors')).toEqual([
      'hub bytes=0-0',
      'hub bytes=100000-',
      'storage bytes=100000-',
    ]);
    expect(await holds(join(path, 'model.safetensors'), weights)).toBe(true);
  });

  it('is given up when nothing comes for long, and goes on', async () => {
    hub.faults.set('model.safetensors', [{ stallAfter: 100_000 }]);
    const path = await fetchModel();
    expect(await holds(join(path, 'model.safetensors'), weights)).toBe(true);
  });

  it('begins anew when the server knows no ranges', async () => {
    hub.faults.set('model.safetensors', [{ breakAfter: 100_000 }, { ignoreRange: true }]);
    const path = await fetchModel();
    expect(await holds(join(path, 'model.safetensors'), weights)).toBe(true);
  });

  it('begins anew when the content is another one', async () => {
    hub.faults.set('model.safetensors', [{ breakAfter: 100_000 }, { status: 503 }]);
    await failure(fetchModel());
    const other = Buffer.from(weights);
    other[other.length - 1]! ^= 1;
    hub.repositories.set(id, { files: new Map([...files, ['model.safetensors', other]]), commit });
    const path = await fetchModel();
    expect(await holds(join(path, 'model.safetensors'), other)).toBe(true);
    expect(incomplete()).toEqual([]);
  });

  it('can be cancelled, and goes on later', async () => {
    const controller = new AbortController();
    hub.faults.set('model.safetensors', [{ stallAfter: 100_000 }]);
    const progressCallback = (event: ProgressInfo) => {
      if (event.status === 'download' && event.file === 'model.safetensors') {
        setTimeout(() => controller.abort(new Error('changed my mind')), 100);
      }
    };
    const long = { ...retries, silence: 60_000 };
    const call = fetchModel({ signal: controller.signal, progressCallback, retries: long });
    await expect(call).rejects.toThrow('changed my mind');
    expect((await stat(join(cache, id, incomplete()[0]!))).size).toBe(100_000);
    await fetchModel();
    expect(hub.asked('model.safetensors').at(-1)).toBe('storage bytes=100000-');
  });

  it('ends with what a progress callback throws, and goes on later', async () => {
    const progressCallback = (event: ProgressInfo) => {
      if (event.status === 'progress' && event.file === 'model.safetensors')
        throw new Error('mine');
    };
    await expect(fetchModel({ progressCallback })).rejects.toThrow('mine');
    expect(incomplete()).toHaveLength(1);
    expect(hub.asked('model.safetensors').filter((one) => one.startsWith('storage'))).toHaveLength(
      1,
    );
    await fetchModel();
    expect(incomplete()).toEqual([]);
  });

  it('works without what only the real hub says', async () => {
    hub.linksLargeFiles = false;
    hub.faults.set('model.safetensors', [{ breakAfter: 100_000 }]);
    const path = await fetchModel();
    expect(await holds(join(path, 'model.safetensors'), weights)).toBe(true);
  });
});

describe('several at once', () => {
  it('in one process: one fetches, the others watch', async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    hub.faults.set('model.safetensors', [{ wait: () => gate }]);
    const all = [fetchModel(), fetchModel(), fetchModel()];
    setTimeout(go, 150);
    for (const path of await Promise.all(all)) {
      expect(await holds(join(path, 'model.safetensors'), weights)).toBe(true);
    }
    expect(hub.asked('model.safetensors').filter((one) => one.startsWith('storage'))).toHaveLength(
      1,
    );
    expect(incomplete()).toEqual([]);
  });

  it('a process that was killed leaves a beginning that the next one takes up', async () => {
    const hash = createHash('sha256').update(
      `${createHash('sha256').update(weights).digest('hex')} ${weights.length}`,
    );
    const name = `model.safetensors.${hash.digest('hex').slice(0, 16)}.incomplete`;
    await mkdir(join(cache, id), { recursive: true });
    await writeFile(join(cache, id, name), weights.subarray(0, 200_000));
    await fetchModel();
    expect(hub.asked('model.safetensors').at(-1)).toBe('storage bytes=200000-');
    expect(incomplete()).toEqual([]);
  });
});

describe('what cannot be had', () => {
  it.each<[string, (() => void) | null, string, RegExp]>([
    ['no/such-model', null, 'MODEL_ACCESS', /check the id, and set HF_TOKEN/],
    [
      'gated',
      () => hub.repositories.set('gated', { files, commit, isGated: true }),
      'MODEL_ACCESS',
      /its licence has to be accepted .* Access to model gated is restricted/,
    ],
  ])('%s without a token', async (model, prepare, code, message) => {
    prepare?.();
    const error = await failure(fetchModel({}, model));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({
      model,
      revision: 'main',
      file: 'config.json',
      status: 401,
    });
    expect(existsSync(join(cache, model))).toBe(false);
  });

  it('a model that does not exist, with a token', async () => {
    vi.stubEnv('HF_TOKEN', 'secret');
    env.remoteHost = 'https://huggingface.co/';
    env.fetch = (url, init) => fetch(String(url).replace('https://huggingface.co/', hub.url), init);
    const error = await failure(fetchModel({}, 'no/such-model'));
    expect(error.code).toBe('MODEL_NOT_FOUND');
    expect(error.message).toMatch(/there is no such model on the hub/);
  });

  it('a revision that does not exist', async () => {
    const error = await failure(fetchModel({ revision: 'v2' }));
    expect(error.code).toBe('MODEL_NOT_FOUND');
    expect(error.message).toMatch(/revision v2.*no such revision.*Invalid rev id/);
  });

  it('a repository without a configuration', async () => {
    hub.repositories.set('odd', { files: new Map([['README.md', Buffer.from('hi')]]), commit });
    const error = await failure(fetchModel({}, 'odd'));
    expect(error.code).toBe('MODEL_NOT_FOUND');
    expect(error.message).toMatch(/config\.json of odd .*check the id/);
  });

  it.each([
    ['---\nlicense: mit\nbase_model: org/Base-1.5\n---\n# Card', 'org/Base-1.5'],
    ['---\r\nbase_model:\r\n- "org/base"\r\n- org/second\r\n---\r\n', 'org/base'],
    ["---\nbase_model: [ 'org/base' ]\n---\n", 'org/base'],
    ['# No front matter\nbase_model: org/base', null],
  ])('a repository with only ONNX files, whose card begins %j', async (card, base) => {
    const onnx = new Map(files);
    onnx.delete('model.safetensors');
    onnx.set('onnx/model.onnx', Buffer.from('onnx'));
    onnx.set('README.md', Buffer.from(card));
    hub.repositories.set(id, { files: onnx, commit });
    const error = await failure(fetchModel());
    expect(error.code).toBe('MISSING_WEIGHTS');
    expect(error.message).toMatch(/holds ONNX files, but no safetensors/);
    expect(error.message).toMatch(
      base ? `names ${base} as its base model` : /repository that the model was converted from/,
    );
    expect(error.details).toEqual({ model: id, baseModel: base });
  });

  it('a folder with only ONNX files', async () => {
    const own = join(work, 'onnx-model');
    await mkdir(join(own, 'onnx'), { recursive: true });
    await writeFile(join(own, 'config.json'), '{}');
    await writeFile(join(own, 'onnx', 'model.onnx'), 'onnx');
    await writeFile(join(own, 'README.md'), '---\nbase_model: org/base\n---\n');
    const error = await failure(fetchModel({}, own));
    expect(error.code).toBe('MISSING_WEIGHTS');
    expect(error.message).toMatch(/holds ONNX files.*org\/base/);
  });

  it('weights with a wrong checksum are thrown away', async () => {
    hub.announced.set('model.safetensors', { etag: 'b'.repeat(64) });
    const error = await failure(fetchModel());
    expect(error.message).toMatch(/does not have the checksum that the hub states/);
    expect(incomplete()).toEqual([]);
    expect(existsSync(join(cache, id, 'model.safetensors'))).toBe(false);
  });

  it.each([
    [weights.length - 10, /server sends|is longer than the 436014 bytes/],
    [weights.length + 10, /server sends|attempts/],
  ])('weights that are announced with %i bytes', async (size, message) => {
    hub.announced.set('model.safetensors', { size });
    hub.faults.set('model.safetensors', [{ ignoreRange: true }, { ignoreRange: true }]);
    const error = await failure(fetchModel());
    expect(error.code).toBe('DOWNLOAD');
    expect(error.message).toMatch(message);
    expect(existsSync(join(cache, id, 'model.safetensors'))).toBe(false);
  });

  it('weights for which the disk has no room', async () => {
    hub.announced.set('model.safetensors', { size: 2 ** 52 });
    const error = await failure(fetchModel());
    expect(error.message).toMatch(/needs 4503599627370496 bytes more, but .* left; make room/);
    expect(hub.asked('model.safetensors')).toEqual(['hub bytes=0-0']);
  });

  it('a cache folder that is a file', async () => {
    await writeFile(cache, 'a file');
    const error = await failure(fetchModel());
    expect(error.code).toBe('DOWNLOAD');
    expect(error.message).toMatch(
      /something that is not a folder is in the way of .*another folder for downloads/,
    );
  });

  it('a page of a proxy in place of a configuration is not stored', async () => {
    const portal = new Map([...files, ['config.json', Buffer.from('<html>Please log in</html>')]]);
    hub.repositories.set(id, { files: portal, commit });
    const error = await failure(fetchModel());
    expect(error.message).toMatch(/config\.json .* is not JSON; is there a proxy/);
    expect(existsSync(join(cache, id, 'config.json'))).toBe(false);
  });

  it('an index that names files elsewhere', async () => {
    const index = Buffer.from('{"weight_map":{"a":"../../evil.safetensors"}}');
    const evil = new Map([...files, ['model.safetensors.index.json', index]]);
    evil.delete('model.safetensors');
    hub.repositories.set(id, { files: evil, commit });
    const error = await failure(fetchModel());
    expect(error.message).toMatch(/"..\/..\/evil.safetensors" is not a plain .safetensors name/);
  });

  it('a shard that is not there', async () => {
    const index = Buffer.from('{"weight_map":{"a":"model-00001-of-00001.safetensors"}}');
    const holed = new Map([...files, ['model.safetensors.index.json', index]]);
    holed.delete('model.safetensors');
    hub.repositories.set(id, { files: holed, commit });
    const error = await failure(fetchModel());
    expect(error.message).toMatch(
      /model-00001-of-00001.*index\.json names it, but it is not there/,
    );
  });

  it('a commit that the hub has forgotten', async () => {
    await mkdir(join(cache, id), { recursive: true });
    await writeFile(join(cache, id, '.commit'), 'c'.repeat(40));
    const error = await failure(fetchModel());
    expect(error.code).toBe('MODEL_NOT_FOUND');
    expect(error.message).toMatch(
      /no longer knows the commit that .* was begun with; delete that folder/,
    );
  });

  it('a server that is not there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    env.remoteHost = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(fetchModel());
    expect(error.code).toBe('DOWNLOAD');
    expect(error.message).toMatch(/the hub cannot be reached: .*ECONNREFUSED.*; check the network/);
  });

  it.each<[string, () => void, Partial<ResolveFolderOptions>, RegExp]>([
    ['local_files_only', () => {}, { localFilesOnly: true }, /`local_files_only` is set/],
    [
      'env.allowRemoteModels',
      () => {
        env.allowRemoteModels = false;
      },
      {},
      /`env.allowRemoteModels` is false/,
    ],
    ['HF_HUB_OFFLINE', () => vi.stubEnv('HF_HUB_OFFLINE', '1'), {}, /HF_HUB_OFFLINE is set/],
  ])('anything, offline by %s', async (_, prepare, options, message) => {
    prepare();
    const error = await failure(fetchModel(options));
    expect(error.code).toBe('MODEL_NOT_FOUND');
    expect(error.message).toMatch(message);
    expect(hub.requests).toEqual([]);
  });

  it('a path that is none', async () => {
    expect((await failure(fetchModel({}, './no/such/folder'))).message).toMatch(
      /(does not exist|is not a folder); a model id looks like/,
    );
    expect((await failure(fetchModel({}, 'https://huggingface.co/gpt2'))).message).toMatch(
      /is a URL/,
    );
    expect((await failure(fetchModel({}, work))).message).toMatch(/config\.json of .* is missing/);
    // A folder of the current folder.
    expect((await failure(fetchModel({}, 'node_modules'))).message).toMatch(
      /a folder of that name: for it, write '.\/node_modules'/,
    );
    env.allowLocalModels = false;
    expect((await failure(fetchModel({}, folder))).message).toMatch(/local models are disabled/);
  });
});
