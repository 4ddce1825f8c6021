import type { Command } from '@commander-js/extra-typings';
import {
  addRopeScalingOptions,
  count,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  openModel,
  outputFile,
  ropeScalingOf,
} from '@namm/cli';
import { Decoder, loadTokenizer } from '@namm/decoder';
import { createPolicy, policyNames } from '@namm/kv-cache';
import { taughtNameFor } from '@namm/models';
import { cutPassages, taught } from '@namm/teach';
import { excerptsOf, readTexts } from './read-texts.js';
import { tryPolicies } from './try-policies.js';

const classics = policyNames.filter((name) => name !== 'full');

/** Adds `compare`: what policies do to text. */
export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description('what policies do to your text and model: no labels needed');
  addRopeScalingOptions(command, '1 if left out', 2)
    .requiredOption('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .requiredOption('--text <files...>', 'plain text that the model understands')
    .requiredOption('--out <file>', 'the figures, a JSON file', outputFile)
    .option('--taught <file>', 'a taught scorer; one of ours for this model if left out')
    .option(
      '--policies <names>',
      'classic policies, with commas',
      listOf(nameFrom(classics)),
      classics,
    )
    .option('--budgets <sizes>', 'as of a policy, with commas', listOf(String), [
      '50%',
      '25%',
      '10%',
    ])
    .option('--passages <count>', 'passages', count, 4)
    .option('--length <tokens>', 'tokens of a passage, of which a third is predicted', count, 1536)
    .option('--prompts <count>', 'prompts of each family of questions; 0 asks none', fromZero, 0)
    .option('--threads <count>', 'threads that compute', count, 1)
    .action(async (options) => {
      const texts = readTexts(options.text);
      const folder = await openModel(options.model, interruptSignal());
      const tokenizer = await loadTokenizer(folder);
      const { threads } = options;
      const decoder = { threads, chunkSize: 256, ropeScaling: ropeScalingOf(options) };
      const model = await Decoder.load(folder, decoder);
      const checkpoint = options.taught ?? taughtNameFor(model.cacheShape.weights);
      await model.release();
      const { length, prompts, budgets, passages: heldOut } = options;
      const excerpts = excerptsOf(texts, 16 * length * heldOut);
      const ids = excerpts.map((text) => tokenizer.encode(text, { addSpecialTokens: false }));
      const passages = cutPassages(ids, { length, count: heldOut, heldOut: 1 });
      const policies = budgets.flatMap((budget) =>
        options.policies.map((name) => {
          return { name, budget, policy: createPolicy(name, { budget, seed: 1 }) };
        }),
      );
      if (checkpoint !== null) {
        for (const budget of budgets) {
          policies.unshift({
            name: 'taught',
            budget,
            policy: await taught({ checkpoint, budget }),
          });
        }
      }
      await tryPolicies({
        ...{ folder, decoder, tokenizer, texts, length, prompts, policies },
        passages: passages.filter(({ isHeldOut }) => !isHeldOut).map((each) => each.ids),
        out: options.out.replace(/\.json$/, ''),
      });
    });
}
