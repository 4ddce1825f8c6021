import {
  addEngineOptions,
  addSamplingOptions,
  chatAtTerminal,
  createProgram,
  fromZero,
  withChat,
} from '@namm/cli';

/** `llm chat`: a conversation at the terminal. */
export const chatCommand = addSamplingOptions(
  addEngineOptions(createProgram('chat', 'Talks with a model; /help lists the commands.')),
)
  .option('--system <text>', 'what stands before all that is said')
  .option('--seed <seed>', 'of the draws', fromZero)
  .action((_, command) => withChat(command, (chat) => chatAtTerminal(chat, command.options)));
