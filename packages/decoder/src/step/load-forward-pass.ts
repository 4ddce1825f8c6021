import type { CacheDtype, Probe } from '@namm/kv-cache';
import { attentionKey, buildAttention } from '../graph/build-attention.js';
import { buildGraph } from '../graph/build-graph.js';
import { buildStretch } from '../graph/build-stretch.js';
import { checkUnusedWeights } from '../graph/check-unused-weights.js';
import { type Piece, pieces } from '../graph/names.js';
import type { ModelGraph } from '../graph/weights.js';
import type { Runtime, RuntimeModel, Session } from '../runtime/runtime.js';
import type { ModelSource } from '../source/model-source.js';
import type { WeightDtype } from '../source/weight-dtype.js';
import { FewRowPass } from './few-row-pass.js';
import type { ForwardPass } from './forward-pass.js';
import { type AttentionSessions, LayerAttention } from './layer-attention.js';
import { LayerPass } from './layer-pass.js';
import type { PassKind } from './pass-kind.js';
import { SmallPass } from './small-pass.js';
import { WholePass } from './whole-pass.js';

interface LoadOptions {
  readonly probe: Probe;
  readonly cacheDtype: CacheDtype;
  readonly dtype: WeightDtype;
  readonly threads: number;
  readonly runtime: Runtime;
  readonly passes: PassKind | undefined;
}

/** Weights from which on runs of many small graphs cost little beside the products. */
const manyWeights = 20_000_000;

/**
 * Builds the graphs of a model and loads them.
 *
 * @returns what computes passes, and whether a matrix in it is in few bits
 * @throws {ModelFolderError} when a weight is missing, has another shape or type than the spec says, or
 *   would be left out although it matters
 * @throws {RuntimeFailure} when the runtime refuses the model
 */
export async function loadForwardPass(
  source: ModelSource,
  { probe, cacheDtype, dtype, threads, runtime, passes = passesFor(source) }: LoadOptions,
): Promise<{ readonly pass: ForwardPass; readonly areFewBits: boolean }> {
  const { spec } = source;
  const run = { probe, cacheDtype };
  if (passes !== 'layers') {
    const graph = await buildGraph(source, run, dtype, passes);
    await checkUnusedWeights(source, graph.used);
    const pass = new WholePass(spec, probe, passes, await runtime.load(graph, { threads }));
    const few = passes === 'small' && !graph.areFewBits ? await FewRowPass.open(source) : null;
    return { pass: few ? new SmallPass(few, pass) : pass, areFewBits: graph.areFewBits };
  }
  const graphs: ModelGraph[] = [];
  for (let i = 0; i <= spec.layers.length; i++)
    graphs.push(await buildStretch(source, probe, dtype, i));
  await checkUnusedWeights(source, new Set(graphs.flatMap(({ used }) => [...used])));
  const loaded: Session[] = [];
  const load = async (model: RuntimeModel) => {
    const session = await runtime.load(model, { threads, isOneOfMany: true });
    loaded.push(session);
    return session;
  };
  const stretches: Session[] = [];
  for (const graph of graphs) stretches.push(await load(graph));
  const attentions: LayerAttention[] = [];
  const sessions = new Map<string, AttentionSessions>();
  for (const [layer, { attention }] of spec.layers.entries()) {
    const key = attentionKey(attention);
    if (!sessions.has(key)) {
      const loadWith = (used: readonly Piece[]) =>
        load({
          graph: buildAttention(attention, run, used),
          weightsFolder: '.',
          memory: new Map(),
        });
      sessions.set(key, {
        alone: await loadWith(pieces.small),
        forked: await loadWith(pieces.whole),
      });
    }
    attentions.push(new LayerAttention(layer, attention, probe, sessions.get(key)!));
  }
  const release = async () => {
    for (const session of loaded) await session.release();
  };
  const pass = new LayerPass(spec, stretches, attentions, release);
  return { pass, areFewBits: graphs.some(({ areFewBits }) => areFewBits) };
}

function passesFor({ weights }: ModelSource): PassKind {
  let count = 0;
  for (const { shape } of weights.values()) count += shape.reduce((product, n) => product * n, 1);
  return count < manyWeights ? 'whole' : 'layers';
}
