import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecisionTransformer, randomDecisionTransformer } from '@namm/cache-decision-transformer';
import { sampleFrames, VideoModel } from '@namm/cache-video';
import { AgentPlayer, identifyPlay } from '@namm/control';
import { Decoder, DecoderWorker } from '@namm/decoder';
import { agentFolder } from '@namm/models';
import { randomModel, randomVideoModel } from '@namm/testing';

/** A call with nothing but the options that are to be refused. */
type Call = (options: object) => unknown;

/**
 * Calls of what gets to its options only with a model that is loaded, on small models of random weights.
 *
 * @returns the calls by name, and by name and place where one takes options in several; and what frees the models
 */
export async function optionsOfModels(): Promise<{
  readonly calls: Readonly<Record<string, Call>>;
  release(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'namm-options-'));
  const sizes = { stateSize: 4, actionSize: 3, hiddenSize: 12, layers: 1, heads: 1, timesteps: 20 };
  await randomDecisionTransformer(folder, { seed: 1, ...sizes });
  const text = await randomModel();
  const video = await randomVideoModel({ family: 'smolvlm' });
  const transformer = await DecisionTransformer.load(folder, { threads: 1 });
  const episode = transformer.createEpisode({
    ...{ targetReturn: 1, returnScale: 1, normalisation: null },
  });
  const player = await AgentPlayer.open({
    ...{ agent: agentFolder('t-maze-agent'), environment: { name: 't-maze', length: 4 } },
    ...{ episode: {}, probe: { kind: 'none' } },
  });
  const decoder = await Decoder.load(text.folder, { threads: 1 });
  const worker = await DecoderWorker.load(text.folder, { threads: 1 });
  const model = await VideoModel.load(video.folder, { threads: 1 });
  const viewing = model.begin();
  const step: Call = (options) =>
    transformer.step([{ episode, state: Float32Array.of(1, 2, 3, 4) }], options);
  const read = {
    states: new Float32Array(4),
    actions: new Float32Array(3),
    returnsToGo: Float32Array.of(1),
    timesteps: Int32Array.of(0),
  };
  const calls: Record<string, Call> = {
    'DecisionTransformer.createEpisode': (options) => transformer.createEpisode(options),
    'DecisionTransformer.step': step,
    'AgentEpisode.step': step,
    'DecisionTransformer.read': (options) =>
      transformer.read(transformer.createCache(), read, options),
    'AgentPlayer.play 0': (options) => player.play(options, 1),
    'AgentPlayer.play 2': (options) => player.play({}, 1, options),
    identifyPlay: (options) =>
      identifyPlay(agentFolder('t-maze-agent'), { name: 't-maze', length: 4, ...options }),
    'Decoder.createCache': (options) => decoder.createCache(options),
    'DecoderWorker.createCache': (options) => worker.createCache(options),
    'DecoderWorker.restoreCache': (options) => worker.restoreCache('none', options),
    'new Viewing': (options) => model.begin(options),
    'Viewing.watch': (options) => viewing.watch(folder, options).next(),
    'Viewing.ask': (options) => viewing.ask('What?', options).next(),
    'VisionEncoder.encode': (options) =>
      model.encoder.encode(new Float32Array(3 * 16 * 16), options),
    sampleFrames: (options) =>
      sampleFrames({ timestamps: Float64Array.of(0, 1), duration: 2 } as never, {
        ...{ kind: 'uniform', count: 2 },
        ...options,
      }),
  };
  const release = async () => {
    await viewing.release();
    for (const each of [transformer, player, decoder, worker, model]) await each.release();
    for (const each of [text, video]) await each.remove();
    await rm(folder, { recursive: true });
  };
  return { calls, release };
}
