import { basename } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { excerptsOf, ModelPerProbe, readTexts, runComparison } from '@namm/benchmarks';
import {
  count,
  interruptSignal,
  listOf,
  openModel,
  ownPolicies,
  ownPolicyForm,
  ownPolicyName,
  ProgressLine,
  ropeScalingOf,
} from '@namm/cli';
import { InvalidArgumentError } from '@namm/core';
import { Decoder, loadTokenizer } from '@namm/decoder';
import { createPolicy, type EvictionPolicy, taughtPolicy } from '@namm/kv-cache';
import { cutPassages, repeatPrompt, teachScorer, writeTaught } from '@namm/teach';
import { addReadingOptions } from './reading-options.js';

const triedBudgets = ['25%', '10%'];

/** Adds `fit`: a scorer taught on a model. */
export function addFitCommand(program: Command): void {
  const command = program
    .command('fit')
    .description('teach a scorer of cached tokens for a model, from plain text, in minutes');
  addReadingOptions(command, 'the scorer, a safetensors file', 1)
    .option('--passages <count>', 'passages to fit to', count, 10)
    .option('--held-out <count>', 'passages that are held out', count, 2)
    .option(
      '--policy <list>',
      `policies of your own to try too, ${ownPolicyForm}`,
      listOf(ownPolicyName),
      [],
    )
    .option('--no-try', 'do not compare the scorer with classic policies')
    .action(async (options) => {
      const signal = interruptSignal();
      if (!options.try && options.policy.length > 0) {
        throw new InvalidArgumentError('--policy', 'has no effect with --no-try');
      }
      const texts = readTexts(options.text);
      const own = await ownPolicies(options.policy, triedBudgets);
      const folder = await openModel(options.model, signal);
      const tokenizer = await loadTokenizer(folder);
      const { length, threads } = options;
      const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
      const passages = cutPassages(
        excerptsOf(texts, 8 * length * (options.passages + options.heldOut)).map(encode),
        { length, count: options.passages, heldOut: options.heldOut },
      );
      const decoder = { threads, chunkSize: 256, ropeScaling: ropeScalingOf(options) };
      const probe = { kind: 'columnMaxima' } as const;
      const model = await Decoder.load(folder, { ...decoder, probe });
      const progress = new ProgressLine('passages');
      const scorer = await teachScorer({
        ...{ model, passages, signal, prompt: encode(repeatPrompt), folder: `${options.out}.run` },
        onProgress: (event) => progress.update(event, event.stage),
      }).finally(() => progress.clear());
      await model.release();
      const { quality } = scorer;
      const provenance = { model: basename(folder), texts: texts.length, length, ...quality };
      await writeTaught(options.out, { ...scorer, provenance });
      const { fitted, heldOut } = quality.tokens;
      console.log(
        `${options.out}: fitted to ${fitted} tokens; on ${heldOut} held-out tokens its correlation with the teacher is ${quality.correlation.toFixed(3)}`,
      );
      if (!options.try) return;
      const at = (budget: string, name: string, policy: EvictionPolicy) => {
        return { name, budget, policy };
      };
      const readings = new ProgressLine('readings');
      const tables = await runComparison({
        models: new ModelPerProbe((own) => Decoder.load(folder, { ...decoder, probe: own })),
        ...{ tokenizer, texts, length, prompts: options.prompts, seed: 1 },
        policies: triedBudgets.flatMap((budget) => [
          at(budget, 'taught', taughtPolicy(scorer.map, { budget })),
          ...['random', 'sink-recent', 'keydiff', 'h2o', 'snapkv'].map((name) =>
            at(budget, name, createPolicy(name, { budget, seed: 1 })),
          ),
          ...own.filter((each) => each.budget === budget),
        ]),
        passages: passages.filter(({ isHeldOut }) => isHeldOut).map(({ ids }) => ids),
        out: options.out.replace(/\.safetensors$/, ''),
        onProgress: (event) => readings.update(event, event.stage),
        signal,
      }).finally(() => readings.clear());
      console.log(tables);
    });
}
