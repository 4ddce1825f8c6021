import { describeIssue } from '@namm/core';
import * as z from '@namm/core/schema';
import type { AnswerForm } from '../text/answer-request.js';
import { ApiError } from './api-error.js';

/** Fields of OpenAI's interface that would change the answer and cannot be honoured, with the values that ask for nothing. */
const refused: Readonly<Record<string, readonly unknown[]>> = {
  functions: [],
  function_call: ['none'],
  audio: [],
  prediction: [],
  web_search_options: [],
  suffix: [''],
  best_of: [1],
  echo: [false],
  truncation: ['disabled', 'auto'],
  background: [false],
  conversation: [],
  prompt_template: [],
  moderation: [],
  modalities: [['text']],
};

/**
 * Reads a body against what is known of it. Fields that nobody knows are harmless, and told; those that would change
 * the answer are refused.
 *
 * @throws {ApiError} naming the field
 */
export function readFields<Schema extends z.ZodObject>(
  schema: Schema,
  body: unknown,
  onIgnored: (names: readonly string[]) => void,
): z.output<Schema> {
  const parsed = schema.safeParse(body, { error: describeIssue });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const param = issue!.path.length > 0 ? issue!.path.join('.') : null;
    const message = `${param ?? 'the body'}: ${issue!.message}`;
    throw new ApiError(400, message, { param, reason: 'invalid_value' });
  }
  const unknown = Object.keys(body as object).filter((name) => !(name in schema.shape));
  for (const name of unknown) {
    const off = Object.hasOwn(refused, name) ? refused[name] : undefined;
    const value = (body as Record<string, unknown>)[name];
    const isOff = off?.some((one) => JSON.stringify(one) === JSON.stringify(value));
    if (isOff !== false || value === null) continue;
    const message = `${name}: is not supported here, and leaving it out would change the answer`;
    throw new ApiError(400, message, { param: name, reason: 'unsupported_parameter' });
  }
  const ignored = unknown.filter((name) => !Object.hasOwn(refused, name));
  if (ignored.length > 0) onIgnored(ignored);
  return parsed.data;
}

const optional = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => value ?? null);
const count = (most = 1_000_000) => optional(z.int().min(1).max(most));

/** What is wrong with the alternative that is meant; where none is, which there are. */
const orElse = (text: string) => ({ error: (issue: object) => describeIssue(issue) ?? text });

const unknownForm = orElse('is none of text, json_object and json_schema');
const plainFormats = [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
] as const;
const schema = z.looseObject({ schema: z.union([z.record(z.string(), z.unknown()), z.boolean()]) });

/** What all kinds of completion have in common. */
export const commonFields = {
  model: optional(z.string()),
  stream: optional(z.boolean()),
  temperature: optional(z.number().min(0).max(100)),
  top_p: optional(z.number().gt(0).max(1)),
  top_k: optional(z.int().min(-1).max(1_000_000)),
  min_p: optional(z.number().min(0).max(1)),
  repetition_penalty: optional(z.number().gt(0).max(100)),
  presence_penalty: optional(z.number().min(-2).max(2)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  seed: optional(z.int()).transform((value) => (value === null ? null : seedOf(value))),
  user: optional(z.string()),
  safety_identifier: optional(z.string()),
  kv_budget: optional(z.union([z.string().max(40), z.number()])),
  kv_policy: optional(z.string().max(100)),
};

/**
 * A seed that answers count on from: any whole number that JSON can say, negative ones too, as one from 0 on with room
 * behind it.
 */
function seedOf(value: number): number {
  const most = 2 ** 51;
  return value >= 0 && value < most ? value : most + (Math.abs(value) % most) + (value < 0 ? 1 : 0);
}

const stop = optional(z.union([z.string().min(1), z.array(z.string().min(1)).max(16)])).transform(
  (value) => (typeof value === 'string' ? [value] : (value ?? [])),
);

const logitBias = optional(
  z.record(z.string().regex(/^\d+$/, 'names are ids of tokens'), z.number().min(-100).max(100)),
);

/** What chat and text completions have in common beside that. */
const writingFields = {
  n: count(16),
  stop,
  logit_bias: logitBias,
  stream_options: optional(z.looseObject({ include_usage: optional(z.boolean()) })),
};

const textPart = z.looseObject({ type: z.literal('text'), text: z.string() });
const content = optional(
  z.union([z.string(), z.array(textPart)], { error: 'is neither text nor parts of type text' }),
);

const toolCall = z.looseObject({
  id: z.string().optional(),
  type: z.literal('function').optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().min(1),
    parameters: optional(z.record(z.string(), z.unknown())),
  }),
});

const anyChoice = z.enum(['auto', 'none', 'required']);
const unknownChoice = orElse("is none of 'auto', 'none', 'required' and one function by name");

export const chatFields = z.object({
  ...commonFields,
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
        content,
        tool_calls: optional(z.array(toolCall)),
        tool_call_id: z.string().optional(),
        kv_keep: optional(z.enum(['all', 'share'])),
      }),
    )
    .min(1),
  ...writingFields,
  max_tokens: count(),
  max_completion_tokens: count(),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.int().min(0).max(20)),
  tools: optional(z.array(tool).max(128)),
  tool_choice: optional(
    z.union(
      [
        anyChoice,
        z.looseObject({
          type: z.literal('function'),
          function: z.looseObject({ name: z.string() }),
        }),
      ],
      unknownChoice,
    ),
  ),
  parallel_tool_calls: optional(z.boolean()),
  response_format: optional(
    z.union(
      [...plainFormats, z.looseObject({ type: z.literal('json_schema'), json_schema: schema })],
      unknownForm,
    ),
  ),
});

export const completionFields = z.object({
  ...commonFields,
  prompt: z.union(
    [z.string(), z.array(z.string()).length(1), z.array(z.int().min(0)).min(1)],
    orElse('is neither one text nor ids of tokens; one prompt at a time'),
  ),
  ...writingFields,
  max_tokens: count(),
  logprobs: optional(z.int().min(0).max(20)),
});

const inputText = z.looseObject({
  type: z.enum(['input_text', 'output_text', 'text']),
  text: z.string(),
});

/** What a model did not want to answer is said as any text. */
const refusal = z
  .looseObject({ type: z.literal('refusal'), refusal: z.string() })
  .transform(({ refusal }) => ({ type: 'output_text' as const, text: refusal }));

const inputContent = z.union([z.string(), z.array(z.union([inputText, refusal]))], {
  error: 'is neither text nor parts of type input_text or output_text',
});

const inputItem = z.union(
  [
    z.looseObject({
      type: z.literal('function_call'),
      call_id: z.string(),
      name: z.string(),
      arguments: z.string(),
    }),
    z.looseObject({
      type: z.literal('function_call_output'),
      call_id: z.string(),
      output: inputContent,
    }),
    z.looseObject({
      type: z.literal('message').optional(),
      role: z.enum(['system', 'developer', 'user', 'assistant']),
      content: inputContent,
    }),
  ],
  orElse('is neither a message of text, nor a function_call, nor a function_call_output'),
);

export const responseFields = z.object({
  ...commonFields,
  input: z.union([z.string(), z.array(inputItem).min(1)]),
  instructions: optional(z.string()),
  max_output_tokens: count(),
  previous_response_id: optional(z.string()),
  store: optional(z.boolean()),
  tools: optional(
    z
      .array(
        z.looseObject({
          type: z.literal('function', { error: 'only functions can be called here' }),
          name: z.string().min(1),
          parameters: optional(z.record(z.string(), z.unknown())),
        }),
      )
      .max(128),
  ),
  tool_choice: optional(
    z.union(
      [anyChoice, z.looseObject({ type: z.literal('function'), name: z.string() })],
      unknownChoice,
    ),
  ),
  parallel_tool_calls: optional(z.boolean()),
  text: optional(
    z.looseObject({
      format: optional(
        z.union(
          [...plainFormats, z.looseObject({ type: z.literal('json_schema') }).and(schema)],
          unknownForm,
        ),
      ),
    }),
  ),
});

export type ResponseInput = z.output<typeof responseFields>['input'];

/** Sampling as the text engine takes it; what is not given is the model's own. */
function samplingOf(fields: z.output<z.ZodObject<typeof commonFields>>) {
  const { temperature, top_p: topP, top_k: topK, min_p: minP } = fields;
  const { repetition_penalty: repetition } = fields;
  const { presence_penalty: presence, frequency_penalty: frequency } = fields;
  return {
    ...(temperature !== null && { temperature }),
    ...(topP !== null && { topP }),
    ...(topK !== null && { topK: Math.max(0, topK) }),
    ...(minP !== null && { minP }),
    ...(repetition !== null && { repetitionPenalty: repetition }),
    ...(presence !== null && { presencePenalty: presence }),
    ...(frequency !== null && { frequencyPenalty: frequency }),
  };
}

/** What all kinds of completion ask of the text engine. */
export function commonRequest(fields: z.output<z.ZodObject<typeof commonFields>>) {
  const { seed, kv_budget: budget, kv_policy: policy } = fields;
  return { sampling: samplingOf(fields), seed, budget, policy };
}

/** What chat and text completions ask of it. */
export function writingRequest(
  fields: z.output<z.ZodObject<typeof commonFields & typeof writingFields>>,
) {
  const bias = Object.entries(fields.logit_bias ?? {});
  return {
    ...commonRequest(fields),
    n: fields.n ?? 1,
    stop: fields.stop,
    logitBias: new Map(bias.map(([id, value]) => [Number(id), value])),
  };
}

/** What chat completions promise of an answer's form. */
export function chatForm(fields: z.output<typeof chatFields>): AnswerForm {
  const { response_format: format, tool_choice: choice } = fields;
  const named = typeof choice === 'object' ? choice?.function.name : undefined;
  const form = format?.type === 'json_schema' ? (format.json_schema as SchemaField) : null;
  const param = 'response_format.json_schema.schema';
  return formOf(format?.type, form, param, choice, named, fields.parallel_tool_calls);
}

/** The same for responses. */
export function responseForm(fields: z.output<typeof responseFields>): AnswerForm {
  const { text, tool_choice: choice } = fields;
  const format = text?.format;
  const named = typeof choice === 'object' ? choice?.name : undefined;
  const form = format?.type === 'json_schema' ? (format as unknown as SchemaField) : null;
  const param = 'text.format.schema';
  return formOf(format?.type, form, param, choice, named, fields.parallel_tool_calls);
}

type SchemaField = z.output<typeof schema>;

function formOf(
  type: string | undefined,
  form: SchemaField | null,
  param: string,
  choice: unknown,
  named: string | undefined,
  parallelCalls: boolean | null,
): AnswerForm {
  const object = type === 'json_object' ? { value: { type: 'object' }, param } : null;
  return {
    schema: form === null ? object : { value: form.schema, param },
    toolChoice: named !== undefined ? { name: named } : choice === 'required' ? choice : 'auto',
    parallelCalls: parallelCalls ?? true,
  };
}

/** Nothing is promised. */
export const anyForm: AnswerForm = { schema: null, toolChoice: 'auto', parallelCalls: true };
