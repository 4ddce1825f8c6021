import type { Command } from '@commander-js/extra-typings';
import { InvalidArgumentError } from '@namm/core';
import type { ChatSession } from '@namm/serve';
import { type EngineCommandOptions, openEngine } from './engine-options.js';
import { type SamplingOptions, samplingOf } from './sampling-options.js';
import { writeRetention } from './write-retention.js';

/** What a chat may be told beside the options of its engine. */
export type ChatOptions = EngineCommandOptions &
  SamplingOptions & {
    readonly system?: string;
    readonly seed?: number;
  };

/**
 * Opens a chat over the model of a command, whose retention is recorded, and ends it after use.
 *
 * @param command that {@link addEngineOptions} was called on
 * @throws {InvalidArgumentError} when the model has no chat template
 * @throws whatever {@link openEngine} or the use of it throws
 */
export async function withChat<Options extends ChatOptions>(
  command: Pick<Command<unknown[], Options>, 'opts'>,
  use: (chat: ChatSession) => Promise<void>,
): Promise<void> {
  const { engine, tokenizer, keeps, model, options } = await openEngine(command, {
    recording: true,
  });
  const { system, seed, maxTokens } = options;
  const { ChatSession } = await import('@namm/serve');
  try {
    if (tokenizer.chatTemplates.length === 0) {
      throw new InvalidArgumentError(
        '--model',
        `a chat needs a model with a chat template; ${model} has none`,
      );
    }
    await use(
      new ChatSession({
        ...{ engine, tokenizer, ...keeps, writeRetention, sampling: samplingOf(options) },
        ...(system !== undefined && { system }),
        ...(maxTokens !== undefined && { maxTokens }),
        ...(seed !== undefined && { seed }),
      }),
    );
  } finally {
    await engine.close(0);
  }
}
