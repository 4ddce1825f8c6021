import { getConnInfo } from '@hono/node-server/conninfo';
import type * as z from '@namm/core/schema';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { page } from '../page/page.js';
import { type Begun, begin, type ServerContext } from './answer-context.js';
import { ApiError } from './api-error.js';
import { chatRoute } from './chat-route.js';
import { checkDepth } from './check-depth.js';
import { completionRoute } from './completion-route.js';
import { type GuardOptions, guard } from './guard.js';
import { metrics } from './metrics.js';
import { publicError } from './public-error.js';
import {
  chatFields,
  type commonFields,
  completionFields,
  readFields,
  responseFields,
} from './request-fields.js';
import { ResponseHistory, responseRoute } from './response-route.js';

/** Bytes of the largest body that is read. */
const largestBody = 4 * 2 ** 20;

/** Characters that tell clients apart. */
const longestClient = 256;

type CommonSchema = z.ZodObject<typeof commonFields>;

/** The routes of a server, as something that answers requests. */
export function createApp(context: ServerContext, guardOptions: GuardOptions): Hono {
  const { engine } = context.text;
  const app = new Hono();
  const history = new ResponseHistory();
  const created = Math.floor(Date.now() / 1000);
  const model = { id: context.model, object: 'model', created, owned_by: 'namm' };

  app.onError((error, { json }) => {
    const { body, status, headers } = publicError(context.onWarning, error);
    return json(body, status as ContentfulStatusCode, headers);
  });
  app.notFound(({ req }) => {
    throw new ApiError(404, `there is no ${req.method} ${req.path}`, { reason: 'unknown_url' });
  });
  app.use(guard(guardOptions));
  app.use(
    bodyLimit({
      maxSize: largestBody,
      onError: () => {
        throw new ApiError(413, `a body may have ${largestBody} bytes`, { reason: 'too_large' });
      },
    }),
  );

  app.get('/', ({ html, header }) => {
    header('content-security-policy', page.policy);
    header('referrer-policy', 'no-referrer');
    return html(page.html);
  });
  app.get('/health', ({ json }) => json({ status: 'ok' }));
  app.get('/ready', ({ json }) => {
    const { closed } = engine;
    return closed === null
      ? json({ status: 'ready' })
      : json({ status: 'closed', reason: closed.message }, 503);
  });
  app.get('/metrics', async ({ body }) =>
    body(await metrics(engine), 200, { 'content-type': 'text/plain; version=0.0.4' }),
  );

  app.get('/v1/models', ({ json }) => json({ object: 'list', data: [model] }));
  app.get('/v1/models/:id{.+}', ({ req, json }) => {
    mustBeServed(req.param('id'));
    return json(model);
  });

  app.get('/v1/conversations', async ({ json }) => {
    const data = engine.conversations().map((each) => ({
      ...{ id: each.id, object: 'conversation', kind: each.kind, tokens: each.ids.length },
      ...{ policy: each.policy.name, budget: each.policy.budget, bytes: each.bytes },
      is_saved: each.file !== null,
    }));
    const memory = { bytes: await engine.cacheBytes(), limit: engine.memoryLimit, ...engine.load };
    return json({ object: 'list', data, memory });
  });
  app.post('/v1/conversations/:id/save', async ({ req, json }) => {
    await engine.save(req.param('id'));
    return json({ id: req.param('id'), is_saved: true });
  });
  app.delete('/v1/conversations/:id', async ({ req, json }) => {
    await engine.drop(req.param('id'));
    return json({ id: req.param('id'), deleted: true });
  });

  answers('/v1/chat/completions', chatFields, (fields, begun) => chatRoute(context, fields, begun));
  answers('/v1/completions', completionFields, (fields, begun) =>
    completionRoute(context, fields, begun),
  );
  answers('/v1/responses', responseFields, (fields, begun) =>
    responseRoute(context, history, fields, begun),
  );
  return app;

  function answers<Schema extends z.ZodObject>(
    path: string,
    schema: Schema,
    answer: (fields: z.output<Schema>, begun: Begun) => Promise<Response>,
  ): void {
    app.post(path, async (called) => {
      const { req } = called;
      const type = req.header('content-type') ?? '';
      if (!/^application\/json\b/i.test(type)) {
        throw new ApiError(415, 'the body has to be application/json', { reason: 'not_json' });
      }
      const body = await req.json<unknown>().catch((error: Error) => {
        throw new ApiError(400, `the body is not JSON: ${error.message}`, {
          reason: 'invalid_json',
        });
      });
      checkDepth(body, null);
      const fields = readFields(schema, body, (names) =>
        context.onWarning(`${path}: ignored ${names.join(', ')}`),
      );
      mustBeServed((fields as z.output<CommonSchema>).model ?? context.model);
      const { user, safety_identifier: identifier } = fields as z.output<CommonSchema>;
      const named = identifier ?? user ?? getConnInfo(called).remote.address ?? '';
      const client = named.slice(0, longestClient); // it is remembered
      const begun = begin(req.raw, client, context.timeout);
      try {
        return await answer(fields, begun);
      } catch (error) {
        begun.end();
        throw error;
      }
    });
  }

  /** @throws {ApiError} for another model */
  function mustBeServed(name: string): void {
    if (name === context.model) return;
    throw new ApiError(404, `the model '${name}' is not served here, only '${context.model}'`, {
      param: 'model',
      reason: 'model_not_found',
    });
  }
}
