import { basename, join } from 'node:path';
import { Decoder, greedy, loadTokenizer, supportedModelTypes } from '@namm/decoder';
import {
  checkDecisionTransformer,
  type DecisionTransformerFacts,
} from './check-decision-transformer.js';
import { checkVideoModel, videoModelTypes, withProcessor } from './check-video-model.js';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { type Check, checkModel, differing } from './model-checks.js';
import { isFile, type ModelFacts, readJson, readModelFixture } from './model-fixture.js';
import { recordingPolicy } from './recording-policy.js';
import { withConfig } from './with-config.js';

/** Files that state a model's configuration: the same model in two dialects, or by an equivalent. */
const configFiles = ['config.json', 'config.alt.json', 'config.equivalent.json'];

/**
 * Model folders in Hugging Face layout with logits, attention, caches, evictions and greedy ids; of Decision
 * Transformers with their predictions.
 */
export const models: ConformanceKind = {
  name: 'models',
  recognises: async (folder) =>
    (await isFile(join(folder, 'config.json'))) && (await isFile(join(folder, 'fixture.json'))),
  async *run(folder) {
    const model = basename(folder);
    const { model_type: type } = await readJson(join(folder, 'config.json'));
    const isDecisionTransformer = type === 'decision_transformer';
    const isForVideo = typeof type === 'string' && videoModelTypes.includes(type);
    if (
      typeof type !== 'string' ||
      !(isDecisionTransformer || isForVideo || supportedModelTypes.includes(type))
    ) {
      const note = `model_type ${type} is not supported yet`;
      yield { kind: 'models', name: model, error: null, tolerance: null, ok: null, note };
      return;
    }
    const fixture = await readModelFixture(folder);
    for (const configFile of configFiles) {
      if (!(await isFile(join(folder, configFile)))) continue;
      const label = configFile === 'config.json' ? model : `${model} (${configFile})`;
      const checks = await withConfig(folder, configFile, async (prepared) =>
        collect(
          isForVideo
            ? checkVideoModel(await withProcessor(prepared, folder), fixture)
            : isDecisionTransformer
              ? checkDecisionTransformer(prepared, {
                  expected: fixture.expected,
                  facts: fixture.facts as unknown as DecisionTransformerFacts,
                })
              : checkFolder(prepared, fixture),
        ),
      );
      yield* checks.map((check) => toResult(label, check));
    }
    if (fixture.facts.e2e) {
      for (const check of await checkEndToEnd(folder, fixture.facts.e2e)) {
        yield toResult(model, check);
      }
    }
  },
};

async function* checkFolder(folder: string, fixture: Parameters<typeof checkModel>[1]) {
  const { probe } = recordingPolicy(() => {});
  const decoder = await Decoder.load(folder, { probe });
  try {
    yield* checkModel(decoder, fixture);
  } finally {
    await decoder.release();
  }
}

/** Messages → prompt → ids → greedy ids → text, all from the folder's own files. */
async function checkEndToEnd(
  folder: string,
  facts: NonNullable<ModelFacts['e2e']>,
): Promise<Check[]> {
  const tokenizer = await loadTokenizer(folder);
  const decoder = await Decoder.load(folder);
  const addGenerationPrompt = facts.add_generation_prompt;
  const text = tokenizer.applyChatTemplate(facts.messages, { addGenerationPrompt });
  const ids = tokenizer.encode(text, { addSpecialTokens: false });
  const generated: number[] = [];
  for await (const id of greedy(decoder, decoder.createCache(), ids)) {
    if (generated.push(id) === facts.greedy_ids.length) break;
  }
  const answer = tokenizer.decode(generated);
  await decoder.release();
  const exact = (name: string, error: number): Check => ({ name, error, tolerance: 0 });
  return [
    exact('e2e prompt text', Number(text !== facts.prompt_text)),
    exact('e2e prompt ids', differing(ids, facts.prompt_ids)),
    exact('e2e greedy ids', differing(generated, facts.greedy_ids)),
    exact('e2e greedy text', Number(answer !== facts.greedy_text)),
  ];
}

function toResult(model: string, { name, error, tolerance }: Check): ConformanceResult {
  const ok = error <= tolerance;
  return { kind: 'models', name: `${model}: ${name}`, error, tolerance, ok };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
