import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, Next } from 'hono';
import { ApiError } from './api-error.js';

export interface GuardOptions {
  /** Names that the server may be called by, without port; null for any. */
  readonly hosts: readonly string[] | null;
  /** Origins besides its own whose pages may use it. */
  readonly origins: readonly string[];
  /** What callers of `/v1` must present; null for nothing. */
  readonly apiKey: string | null;
}

/**
 * Refuses what a page of another origin sends, also through a name that was made to point here, and calls without
 * the key.
 *
 * @throws {ApiError} for what is refused
 */
export function guard({ hosts, origins, apiKey }: GuardOptions) {
  return async (context: Context, next: Next): Promise<Response | undefined> => {
    const { req } = context;
    const host = req.header('host') ?? '';
    if (hosts !== null && !hosts.includes(nameOf(host))) {
      throw new ApiError(421, `this server is not '${host}'`, { reason: 'host_not_allowed' });
    }
    const origin = req.header('origin');
    const isForeign = origin !== undefined && origin !== `http://${host}`;
    const isAllowed = origin !== undefined && origins.includes(origin);
    if (isForeign && !isAllowed) {
      throw new ApiError(403, 'pages of other origins may not use this server', {
        reason: 'origin_not_allowed',
      });
    }
    if (isAllowed) {
      context.header('access-control-allow-origin', origin);
      context.header('vary', 'origin');
    }
    if (req.method === 'OPTIONS' && isAllowed) {
      context.header('access-control-allow-methods', 'GET, POST, DELETE');
      context.header('access-control-allow-headers', 'authorization, content-type');
      return context.body(null, 204);
    }
    if (apiKey !== null && needsKey(req.path) && !isKey(apiKey, req.header('authorization'))) {
      throw new ApiError(401, 'the API key is missing or wrong', { reason: 'invalid_api_key' });
    }
    await next();
    return undefined;
  };
}

/** The page asks for the key itself; whether the server lives is no secret. */
function needsKey(path: string): boolean {
  return path.startsWith('/v1/') || path === '/metrics';
}

function isKey(apiKey: string, header = ''): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(`Bearer ${apiKey}`), digest(header));
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}
