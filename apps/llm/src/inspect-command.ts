import { addEngineOptions, createProgram, inputFile, retentionFile, withChat } from '@namm/cli';

/** `llm inspect`: what each head keeps of a conversation that `/save` wrote. */
export const inspectCommand = addEngineOptions(
  createProgram('inspect', 'Shows what each head keeps of a conversation of llm chat.').argument(
    '<file>',
    'the conversation, from /save',
    inputFile,
  ),
)
  .option('--retention <file>', 'page or file to write: .html, .safetensors', retentionFile)
  .action((file, { budget, policy, retention = 'retention.html' }, command) =>
    withChat(command, async (chat) => {
      const lines = [
        ...[`/load ${file}`, policy && `/policy ${policy}`, budget && `/budget ${budget}`],
        ...[`/retention ${retention}`, '/memory'],
      ];
      for (const line of lines) if (line) console.log(await chat.command(line));
    }),
  );
