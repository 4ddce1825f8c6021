import { Decoder } from '@namm/decoder';
import { type EvictionPolicy, full, keptShare } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { namm, publishedFeatures, SpectrumCollector } from '@namm/namm';
import { writeSafetensors } from '@namm/tensors';
import { randomPrompt } from '../measuring/random-prompt.js';
import { startStopwatch } from '../measuring/stopwatch.js';
import { makePopulation } from './population.js';
import { type EvaluationFigures, startTorchPeer } from './start-torch-peer.js';

export interface CaseOptions {
  /** A Python with torch, if the peer is to be measured. */
  readonly python?: string;
  readonly length: number;
  readonly members: number;
  readonly prompts: number;
  readonly shares: readonly number[];
  readonly seed: number;
}

/** A population that reads prompts: one row of the table. */
export interface Case {
  /** Tokens of a chunk, and from one update to the next. */
  readonly interval: number;
  /** Share of the rows that the NAMMs keep, about; null for the full cache without a NAMM. */
  readonly share: number | null;
  ours(): Promise<EvaluationFigures>;
  /** Null without a Python. */
  readonly peers: (() => Promise<EvaluationFigures>) | null;
}

/** The cases of one interval, which share a decoder and a peer. */
export interface CaseGroup {
  readonly cases: readonly Case[];
  readonly peerName: string | null;
  release(): Promise<void>;
}

/** What the peer reads from the bundled model's configuration is written here once more. */
const bundled = {
  name: 'nano-llama',
  vocabulary: 2048,
  trained: 128,
  headSize: 32,
  theta: 250,
} as const;

/**
 * Prepares the cases of one interval.
 *
 * @param namms where the population is written for the peer
 */
export async function makeCases(
  namms: string,
  interval: number,
  { python, length, members, prompts, shares, seed }: CaseOptions,
): Promise<CaseGroup> {
  const folder = modelFolder(bundled.name);
  const factor = Math.max(1, length / bundled.trained);
  const decoder = await Decoder.load(folder, {
    probe: new SpectrumCollector({ updateInterval: interval }).policy.probe,
    chunkSize: interval,
    threads: 1,
    ropeScaling: { factor },
  });
  const ids = Array.from({ length: prompts }, (_, prompt) =>
    randomPrompt(length, bundled.vocabulary, seed + prompt),
  );
  const options = { size: members, shares, interval, seed };
  const population = await makePopulation(decoder, ids[0]!, options);
  const [first] = population.members;
  const parameters = population.members.flatMap((member) => [...member.parameters]);
  await writeSafetensors(
    namms,
    Object.entries({
      parameters: {
        shape: [members, first!.parameters.length],
        data: Float32Array.from(parameters),
      },
      mean: { shape: [...first!.normaliser.shape], data: first!.normaliser.mean },
      variance: { shape: [...first!.normaliser.shape], data: first!.normaliser.variance },
      ids: { shape: [prompts, length], data: Int32Array.from(ids.flat()) },
    }),
  );
  const theta = bundled.theta * factor ** (bundled.headSize / (bundled.headSize - 2));
  const { decay } = publishedFeatures;
  const peer = python ? await startTorchPeer(python, { folder, theta, namms, decay }) : null;
  const makeCase = (share: number | null, offset: number): Case => {
    const policies = population.members.map((member) =>
      share === null ? full() : namm(member, { scoreOffset: offset }),
    );
    const request = { full: share === null, interval, offset };
    return {
      interval,
      share,
      ours: () => evaluate(decoder, policies, ids),
      peers: peer && (() => peer.measure(request)),
    };
  };
  return {
    cases: [
      makeCase(null, 0),
      ...[...population.offsets].map(([share, offset]) => makeCase(share, offset)),
    ],
    peerName: peer?.name ?? null,
    async release() {
      peer?.stop();
      await decoder.release();
    },
  };
}

/** Each member reads each prompt, all in one step. */
async function evaluate(
  decoder: Decoder,
  policies: readonly EvictionPolicy[],
  prompts: readonly (readonly number[])[],
): Promise<EvaluationFigures> {
  const stopwatch = startStopwatch();
  const items = policies.flatMap((policy) =>
    prompts.map((ids) => ({ cache: decoder.createCache({ policy }), input: { ids } })),
  );
  const results = await decoder.step(items);
  const { cpu } = stopwatch();
  return {
    seconds: cpu,
    kept: items.map(({ cache }) => keptShare(cache.memory())),
    logits: results.flatMap(({ logits }) => [...logits]),
  };
}
