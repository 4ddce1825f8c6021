import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository of the fake hub. */
export interface FakeRepository {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly commit: string;
  /** Needs a token. */
  readonly isGated?: boolean;
}

/** What goes wrong with the answers to requests for content; each entry is used once. */
export interface Fault {
  /** Resolves when the client has what was sent, so that breaking off loses none of it. */
  readonly arrived?: () => Promise<unknown>;
  /** Closes the connection after this many bytes. */
  readonly breakAfter?: number;
  /** Sends nothing more after this many bytes, and keeps the connection. */
  readonly stallAfter?: number;
  readonly status?: number;
  readonly ignoreRange?: boolean;
  /** Called before the answer is sent. */
  readonly wait?: () => Promise<void>;
}

export interface Seen {
  readonly server: 'hub' | 'storage';
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

/**
 * A hub on loopback that answers as the real one does: small files directly, large ones by a redirect to
 * another host, with their length and checksum in the headers of the redirect.
 */
export class FakeHub {
  readonly repositories = new Map<string, FakeRepository>();
  readonly requests: Seen[] = [];
  /** Faults of the storage, per file. */
  readonly faults = new Map<string, Fault[]>();
  /** Announced in place of the truth, per file. */
  readonly announced = new Map<string, { size?: number; etag?: string | null }>();
  /** Whether large files are known by the header `x-linked-etag`. */
  linksLargeFiles = true;
  readonly #hub: Server;
  readonly #storage: Server;
  readonly #sockets = new Set<ServerResponse>();

  private constructor() {
    this.#hub = createServer((request, response) => this.#answer('hub', request, response));
    this.#storage = createServer((request, response) => this.#answer('storage', request, response));
  }

  static async start(): Promise<FakeHub> {
    const hub = new FakeHub();
    for (const server of [hub.#hub, hub.#storage]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}/`;
  }

  get #storageUrl(): string {
    return `http://127.0.0.1:${(this.#storage.address() as AddressInfo).port}/`;
  }

  /** Requests for a file, as `server range`. */
  asked(file: string): string[] {
    return this.requests
      .filter(({ path }) => path.endsWith(`/${file}`))
      .map(({ server, range }) => `${server} ${range ?? 'whole'}`);
  }

  async stop(): Promise<void> {
    for (const response of this.#sockets) response.destroy();
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** What stands in a folder of a repository, as the tree of the real hub tells it. */
  #list({ id, folder }: Record<string, string>, response: ServerResponse): void {
    const files = this.repositories.get(id!)?.files ?? new Map<string, Uint8Array>();
    const entries = [...files]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, { length }]) => ({ type: 'file', path, size: length }));
    const headers = { 'content-type': 'application/json' };
    response.writeHead(entries.length > 0 ? 200 : 404, headers).end(JSON.stringify(entries));
  }

  async #answer(server: 'hub' | 'storage', request: IncomingMessage, response: ServerResponse) {
    const path = decodeURIComponent(request.url ?? '');
    const range = request.headers.range ?? null;
    const authorization = request.headers.authorization ?? null;
    this.requests.push({ server, path, range, authorization });
    this.#sockets.add(response);
    response.on('close', () => this.#sockets.delete(response));
    const listing = /^\/api\/models\/(?<id>.+)\/tree\/(?<revision>[^/]+)\/(?<folder>.+)$/.exec(
      path,
    );
    if (listing) return this.#list(listing.groups as Record<string, string>, response);
    const [, id, revision, file] =
      /^\/(.+?)\/resolve\/(.+?)\/([^/]+(?:\/model\.onnx)?|additional_chat_templates\/[^/]+)$/.exec(
        path,
      ) ?? [];
    const repository = this.repositories.get(id ?? '');
    const refuse = (status: number, code: string, message: string) => {
      response.writeHead(status, { 'x-error-code': code, 'x-error-message': message }).end(message);
    };
    if (!repository || !file) {
      // Without a token the real hub does not say whether there is such a model.
      if (authorization === null)
        return refuse(401, 'RepoNotFound', 'Invalid username or password.');
      return refuse(404, 'RepoNotFound', 'Repository not found');
    }
    if (repository.isGated && authorization === null && server === 'hub') {
      return refuse(401, 'GatedRepo', `Access to model ${id} is restricted.`);
    }
    if (!['main', 'v1', 'refs/pr/1', repository.commit].includes(revision!)) {
      return refuse(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    }
    const content = repository.files.get(file);
    if (!content) return refuse(404, 'EntryNotFound', 'Entry not found');
    const isLarge = file.endsWith('.safetensors') || file.endsWith('.onnx');
    if (server === 'hub' && isLarge && this.linksLargeFiles) {
      const { size = content.length, etag = sha256(content) } = this.announced.get(file) ?? {};
      response.writeHead(302, {
        location: new URL(path, this.#storageUrl).href,
        'x-repo-commit': repository.commit,
        'x-linked-size': String(size),
        ...(etag === null ? {} : { 'x-linked-etag': `"${etag}"` }),
      });
      return response.end();
    }
    const fault = (range === 'bytes=0-0' ? undefined : this.faults.get(file)?.shift()) ?? {};
    await fault.wait?.();
    if (fault.status) return response.writeHead(fault.status).end('trouble');
    const [from, to] = fault.ignoreRange ? [0, content.length - 1] : bounds(range, content.length);
    if (from >= content.length && content.length > 0) {
      return response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    }
    const part = content.subarray(from, to + 1);
    const isWhole = range === null || fault.ignoreRange;
    response.writeHead(isWhole ? 200 : 206, {
      'content-length': String(part.length),
      ...(isWhole ? {} : { 'content-range': `bytes ${from}-${to}/${content.length}` }),
      ...(server === 'hub' ? { 'x-repo-commit': repository.commit } : {}),
      etag: server === 'hub' ? `"${sha1(content)}"` : '"of the storage"',
    });
    const end = fault.breakAfter ?? fault.stallAfter;
    if (end === undefined) return response.end(part);
    response.write(part.subarray(0, end), () => {
      if (fault.breakAfter === undefined) return;
      const arrived = fault.arrived?.() ?? new Promise((done) => setTimeout(done, 20));
      void arrived.then(() => response.destroy());
    });
  }
}

function bounds(range: string | null, length: number): [number, number] {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return [0, length - 1];
  return [Number(from), Math.min(to ? Number(to) : length - 1, length - 1)];
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');
