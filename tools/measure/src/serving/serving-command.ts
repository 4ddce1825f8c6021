import type { Command } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  listOf,
  nameFrom,
  openModel,
  StatusLine,
  threadCount,
} from '@namm/cli';
import { weightDtypes } from '@namm/decoder';
import { modelFolder } from '@namm/models';
import { nodeLlamaCppFolder } from '../speed/node-llama-cpp.js';
import { measureBeside, sideCommandName } from './measure-beside.js';
import { measureClients, serverCommandName } from './measure-clients.js';
import { measureConversations } from './measure-conversations.js';
import { measureDocument } from './measure-document.js';
import { instructionRules, measureInstructions } from './measure-instructions.js';
import { measureLongChat } from './measure-long-chat.js';
import { measureSide } from './measure-side.js';
import { serveAndWatch } from './server-process.js';

/** Adds `serving`: what the server of `@namm/serve` holds and how it behaves. */
export function addServingCommand(program: Command): void {
  const status = new StatusLine();
  const onProgress = (text: string) => status.show(text);
  const print = (result: object) => {
    status.clear();
    console.log(JSON.stringify({ ...result, machine: describeMachine() }, null, 2));
  };
  const command = program
    .command('serving')
    .description('measure the server: memory of many conversations, many clients');
  command
    .command('conversations')
    .description('many conversations in a memory that holds a few, each compared with itself alone')
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub (nano-llama)')
    .option('--rope-factor <factor>', 'positions over those it was trained for', count, 20)
    .option('--conversations <count>', 'of two turns', count, 200)
    .option('--tokens <count>', 'of the first prompt of each', count, 2000)
    .option('--room <count>', 'conversations that the memory holds', count, 20)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .action(async ({ model, ...options }) =>
      print(await measureConversations({ ...options, folder: await folderOf(model) }, onProgress)),
    );
  command
    .command('clients')
    .description('many clients at once: how late the event loop is, memory, open files')
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub (nano-llama)')
    .option('--clients <count>', 'that ask one request after another', count, 32)
    .option('--seconds <count>', 'that they do', count, 60)
    .option('--pause <milliseconds>', 'between two requests of a client', fromZero, 0)
    .option('--warm-up <count>', 'short requests before the time begins', fromZero, 400)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .action(async ({ model, ...options }) =>
      print(await measureClients({ ...options, folder: await folderOf(model) }, onProgress)),
    );
  command
    .command('document')
    .description('many questions about one document, which is read and compressed once')
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--text <file>', 'the document')
    .option('--tokens <count>', 'of the document', count, 4096)
    .option('--questions <count>', 'about it', count, 50)
    .option('--fresh <count>', 'of these, asked of a fresh reading too', fromZero, 2)
    .option('--policy <name>', 'what is forgotten', 'keydiff')
    .option('--budget <size>', 'what each conversation keeps', '1024')
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .action(async ({ model, ...options }) =>
      print(await measureDocument({ ...options, folder: await openModel(model) }, onProgress)),
    );
  command
    .command('beside')
    .description(
      'memory of conversations about one document, and clients at once, beside node-llama-cpp',
    )
    .requiredOption('--model <file>', 'a GGUF file')
    .requiredOption('--text <file>', 'the document')
    .option('--tokens <count>', 'of the document', count, 4096)
    .option('--conversations <count>', 'about it', count, 50)
    .option('--clients <count>', 'that ask again at the same time', count, 8)
    .option('--written <count>', 'tokens of an answer', count, 16)
    .option('--policy <name>', 'what is forgotten', 'keydiff')
    .option('--budget <size>', 'what each conversation keeps', '1024')
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option('--node-llama-cpp <folder>', 'where it is installed', nodeLlamaCppFolder)
    .action(async ({ model, nodeLlamaCpp: installation, ...options }) =>
      print(
        await measureBeside(
          { ...options, model: await openModel(model), installation },
          onProgress,
        ),
      ),
    );
  command
    .command('long-chat')
    .description("facts of the first turn, asked for while a chat grows past the model's positions")
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub (nano-llama)')
    .option('--facts <count>', 'over all chats', count, 40)
    .option('--times <factor>', "length of a chat over the model's positions", count, 10)
    .option('--budget <tokens>', 'that each head may keep', count, 80)
    .option('--policy <name>', 'what is forgotten', 'sink-recent')
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .action(async ({ model, ...options }) =>
      print(await measureLongChat({ ...options, folder: await folderOf(model) }, onProgress)),
    );
  command
    .command('instructions')
    .description(
      'prompts with several instructions: how many are followed, with protected spans and without',
    )
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .option(
      '--policies <names>',
      `with commas; NAME:RULE protects by a rule, of ${instructionRules.join(', ')}`,
      listOf(String),
      ['taught:rule', 'taught', 'keydiff:rule', 'keydiff', 'sink-recent', 'h2o'],
    )
    .option('--length <tokens>', 'of a prompt; 0 for instructions alone', fromZero, 768)
    .option('--instructions <count>', 'of a prompt', count, 8)
    .option('--prompts <count>', 'prompts', count, 60)
    .option('--share <share>', 'of the prompt, that heads may keep', Number, 0.25)
    .option('--seed <number>', 'of the prompts', fromZero, 1)
    .option('--threads <count>', 'threads that compute', threadCount, 1)
    .option('--dtype <dtype>', 'how weights are computed with', nameFrom(weightDtypes))
    .option('--out <file>', 'results, from which a stopped run resumes', 'instructions.jsonl')
    .action(async ({ model, ...options }) => {
      const request = { ...options, model: await openModel(model) };
      const { table, kinds } = await measureInstructions(request, ({ done, total }) =>
        status.show(`${done} of ${total} prompts`),
      );
      status.clear();
      console.log(table);
      for (const { kind, followed, of } of kinds)
        console.log(`full, ${kind}: ${followed} of ${of}`);
    });
  program
    .command(serverCommandName, { hidden: true })
    .argument('<request>')
    .action((request) => serveAndWatch(JSON.parse(request)));
  program
    .command(sideCommandName, { hidden: true })
    .argument('<request>')
    .action(async (request) => console.log(JSON.stringify(await measureSide(JSON.parse(request)))));
}

async function folderOf(model: string | undefined): Promise<string> {
  return model === undefined ? modelFolder('nano-llama') : await openModel(model);
}
