import { addAnswerOptions, answerCommand, createProgram } from '@namm/cli';
import { InvalidArgumentError } from '@namm/core';
import { modelFolder } from '@namm/models';

/** `llm run`: one prompt, one answer. */
export const runCommand = addAnswerOptions(
  createProgram('run', 'Answers a prompt: the argument, a file or standard input.').argument(
    '[prompt]',
    'text to continue',
  ),
).action(async (prompt, options, command) => {
  if (prompt !== undefined && options.prompt !== undefined) {
    throw new InvalidArgumentError('--prompt', 'is given twice: as an argument and as an option');
  }
  const given = prompt === undefined ? options : { ...options, prompt };
  await answerCommand(options.model ?? modelFolder('nano-llama'), given, command);
});
