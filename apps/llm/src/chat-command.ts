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
  .option('--system <text>', 'system message')
  .option('--seed <seed>', 'seed for sampling', fromZero)
  .action((_, command) => withChat(command, (chat) => chatAtTerminal(chat, command.options)));
