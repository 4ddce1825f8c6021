import type { AnswerEvent, AnswerRequest, AnswerUsage } from '../text/answer-request.js';
import { type Begun, beginAnswer, type ServerContext, usageOf } from './answer-context.js';
import { CollectedAnswer } from './collected-answer.js';
import { eventStream } from './event-stream.js';
import { tellStreamError } from './tell-stream-error.js';

/** How chat and text completions differ: what is asked, and how answers are told. */
export interface Completion {
  readonly request: Omit<AnswerRequest, 'onPart'>;
  /** Null when the answers are told at once. */
  readonly stream: {
    /** What every chunk says. */
    readonly facts: object;
    /** Choices that are told before anything is written. */
    readonly opening: readonly object[];
    /** A part as the choice of a chunk; null for what is not told. */
    readonly choiceOf: (answer: number, part: AnswerEvent) => object | null;
    /** Whether the costs are told at the end. */
    readonly includeUsage: boolean;
  } | null;
  readonly whole: (
    answers: readonly CollectedAnswer[],
    usage: ReturnType<typeof usageOf>,
  ) => object;
}

/** Answers a completion, streamed or at once. */
export async function complete(
  context: ServerContext,
  { request, stream, whole }: Completion,
  begun: Begun,
): Promise<Response> {
  const { text } = context;
  if (stream === null) {
    const answers = Array.from({ length: request.n }, () => new CollectedAnswer());
    const usage = await text
      .answer({ ...request, onPart: (answer, part) => answers[answer]!.add(part) })
      .finally(begun.end);
    return Response.json(whole(answers, usageOf(usage)));
  }
  const chunkOf = (...choices: readonly object[]) => ({ ...stream.facts, choices });
  // What comes before the stream is open waits.
  const waiting: object[] = stream.opening.map((choice) => chunkOf(choice));
  let put = (chunk: object): void => void waiting.push(chunk);
  const { usage } = await beginAnswer(text, {
    ...request,
    onPart(answer, part) {
      const choice = stream.choiceOf(answer, part);
      if (choice !== null) put(chunkOf(choice));
    },
  });
  return eventStream(
    async (sink) => {
      put = (chunk) => sink.send(chunk);
      for (const chunk of waiting) sink.send(chunk);
      const costs: AnswerUsage = await usage.finally(begun.end);
      if (stream.includeUsage) sink.send({ ...chunkOf(), usage: usageOf(costs) });
      sink.send('[DONE]');
    },
    (error, sink) => tellStreamError(context, error, sink),
    begun.leave,
    begun.pace,
  );
}
