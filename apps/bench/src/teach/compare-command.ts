import type { Command } from '@commander-js/extra-typings';
import { ModelPerProbe, spokenFamilyNames } from '@namm/benchmarks';
import {
  addRopeScalingOptions,
  count,
  fromZero,
  interruptSignal,
  isOwnPolicy,
  listOf,
  loadOwnPolicy,
  nameFrom,
  openModel,
  outputFile,
  ownPolicyForm,
  ropeScalingOf,
} from '@namm/cli';
import { Decoder, loadTokenizer, weightDtypes } from '@namm/decoder';
import { taughtNameFor } from '@namm/models';
import { cutPassages } from '@namm/teach';
import { comparedPolicies, defaultPolicies, namedPolicy } from './compared-policies.js';
import { excerptsOf, readTexts } from './read-texts.js';
import { tryPolicies } from './try-policies.js';

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
      `with commas; kvzip reads twice; ${ownPolicyForm} is yours; NAME@25% has a budget of its own`,
      listOf(namedPolicy),
      [...defaultPolicies],
    )
    .option('--budgets <sizes>', 'as of a policy, with commas', listOf(String), [
      '50%',
      '25%',
      '10%',
    ])
    .option('--passages <count>', 'passages; 0 asks questions alone', fromZero, 4)
    .option('--length <tokens>', 'tokens of a passage, of which a third is predicted', count, 1536)
    .option('--prompts <count>', 'prompts of each family of questions; 0 asks none', fromZero, 0)
    .option(
      '--families <names>',
      `of ${spokenFamilyNames.join(', ')}, with commas`,
      listOf(nameFrom(spokenFamilyNames)),
    )
    .option('--seed <number>', 'of the prompts', fromZero, 1)
    .option('--dtype <dtype>', 'how weights are computed with', nameFrom(weightDtypes))
    .option('--threads <count>', 'threads that compute', count, 1)
    .action(async (options) => {
      const texts = readTexts(options.text);
      const own = options.policies.filter(({ name }) => isOwnPolicy(name));
      for (const { name, budget } of own) {
        await loadOwnPolicy(name, { budget: budget ?? options.budgets[0]! }); // fails before a model is loaded
      }
      const folder = await openModel(options.model, interruptSignal());
      const tokenizer = await loadTokenizer(folder);
      const { threads, dtype, length, prompts, seed, families, passages: heldOut } = options;
      const decoder = { threads, chunkSize: 256, ropeScaling: ropeScalingOf(options) };
      const models = new ModelPerProbe((probe) =>
        Decoder.load(folder, { ...decoder, probe, ...(dtype && { dtype }) }),
      );
      const { weights } = (await models.of({ kind: 'none' })).cacheShape;
      const checkpoint = options.taught ?? taughtNameFor(weights);
      const policies = await comparedPolicies(options.policies, options.budgets, {
        ...{ models, tokenizer, checkpoint },
      });
      const excerpts = excerptsOf(texts, 16 * length * heldOut);
      const ids = excerpts.map((text) => tokenizer.encode(text, { addSpecialTokens: false }));
      const passages = heldOut > 0 ? cutPassages(ids, { length, count: heldOut, heldOut: 1 }) : [];
      await tryPolicies({
        ...{ models, tokenizer, texts, length, prompts, policies, seed },
        ...(families && { families }),
        passages: passages.filter(({ isHeldOut }) => !isHeldOut).map((each) => each.ids),
        out: options.out.replace(/\.json$/, ''),
      });
    });
}
