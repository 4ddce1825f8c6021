import type { Command } from '@commander-js/extra-typings';
import {
  excerptsOf,
  ModelPerProbe,
  readTexts,
  runComparison,
  spokenFamilyNames,
} from '@namm/benchmarks';
import {
  comparedPolicies,
  defaultPolicies,
  fromZero,
  interruptSignal,
  isOwnPolicy,
  listOf,
  loadOwnPolicy,
  namedPolicy,
  nameFrom,
  openModel,
  ownPolicyForm,
  ProgressLine,
  ropeScalingOf,
} from '@namm/cli';
import { Decoder, loadTokenizer, weightDtypes } from '@namm/decoder';
import { taughtNameFor } from '@namm/models';
import { cutPassages } from '@namm/teach';
import { addReadingOptions } from './reading-options.js';

/** Adds `compare`: what policies do to text. */
export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .description('what policies do to your text and model: no labels needed');
  addReadingOptions(command, 'the figures, a JSON file', 0)
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
    .option(
      '--passages <count>',
      'passages, of each a third is predicted; 0 asks questions alone',
      fromZero,
      4,
    )
    .option(
      '--families <names>',
      `of ${spokenFamilyNames.join(', ')}, with commas`,
      listOf(nameFrom(spokenFamilyNames)),
    )
    .option('--seed <number>', 'of the prompts', fromZero, 1)
    .option('--dtype <dtype>', 'how weights are computed with', nameFrom(weightDtypes))
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
      const progress = new ProgressLine('readings');
      const tables = await runComparison({
        ...{ models, tokenizer, texts, length, prompts, policies, seed },
        ...(families && { families }),
        passages: passages.filter(({ isHeldOut }) => !isHeldOut).map((each) => each.ids),
        out: options.out.replace(/\.json$/, ''),
        onProgress: (event) => progress.update(event, event.stage),
        signal: interruptSignal(),
      }).finally(() => progress.clear());
      console.log(tables);
    });
}
