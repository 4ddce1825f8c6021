import type { CacheDtype, Probe } from '@namm/kv-cache';
import { attentionKey, buildAttention } from '../graph/build-attention.js';
import { buildGraph } from '../graph/build-graph.js';
import { buildStretch, stretchesOf } from '../graph/build-stretch.js';
import { checkUnusedWeights } from '../graph/check-unused-weights.js';
import type { Piece } from '../graph/names.js';
import type { ModelGraph } from '../graph/weights.js';
import { PreparedFile } from '../prepared/prepared-file.js';
import type { Runtime, RuntimeModel, Session } from '../runtime/runtime.js';
import type { ModelSource } from '../source/model-source.js';
import { StoredRows } from '../source/stored-rows.js';
import type { WeightDtype } from '../source/weight-dtype.js';
import { attentionsOf } from '../spec/layers-of.js';
import { AttentionSessions } from './attention-sessions.js';
import { FewRowPass } from './few-row-pass.js';
import type { ForwardPass } from './forward-pass.js';
import { LayerAttention } from './layer-attention.js';
import { LayerPass } from './layer-pass.js';
import { OneQueryAttention } from './one-query-attention.js';
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
  /** Folder of prepared weights, null for none. */
  readonly preparedWeights: string | null;
}

interface LoadedPass {
  readonly pass: ForwardPass;
  /** Whether a matrix in it is in few bits. */
  readonly areFewBits: boolean;
}

/** Tokens that go through matrices in few bits at once: more take as long each, and more memory. */
const fewBitPiece = 128;

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
  options: LoadOptions,
): Promise<LoadedPass> {
  const { preparedWeights: folder, dtype } = options;
  const file = folder === null ? null : await PreparedFile.open(folder, source, dtype);
  if (file) {
    const loaded = await loadPrepared(source, options, file);
    if (loaded) return loaded;
  }
  const graphs = await buildGraphs(source, options, null);
  return loadGraphs(source, options, graphs);
}

/** @returns null when the file cannot be written, or does not serve */
async function loadPrepared(
  source: ModelSource,
  options: LoadOptions,
  file: PreparedFile,
): Promise<LoadedPass | null> {
  const graphs = await buildGraphs(source, options, file);
  if (!(await file.complete())) return null;
  // Another process may have replaced or removed the file; then it fails, or is another's at the end.
  const loaded = await loadGraphs(source, options, graphs).catch(async (error: unknown) => {
    if (await file.isInPlace()) throw error;
    return null;
  });
  if (!loaded || (await file.isInPlace())) return loaded;
  await loaded.pass.release();
  return null;
}

/** One graph, or those of the stretches between attentions. */
async function buildGraphs(
  source: ModelSource,
  { probe, cacheDtype, dtype, passes = passesFor(source) }: LoadOptions,
  prepared: PreparedFile | null,
): Promise<ModelGraph[]> {
  const holding = { dtype, prepared };
  const graphs: ModelGraph[] = [];
  if (passes === 'layers') {
    for (const i of stretchesOf(source.spec).keys())
      graphs.push(await buildStretch(source, probe, holding, i));
  } else graphs.push(await buildGraph(source, { probe, cacheDtype }, holding, passes));
  await checkUnusedWeights(source, new Set(graphs.flatMap(({ used }) => [...used])));
  return graphs;
}

async function loadGraphs(
  source: ModelSource,
  { probe, cacheDtype, threads, runtime, passes = passesFor(source) }: LoadOptions,
  graphs: readonly ModelGraph[],
): Promise<LoadedPass> {
  const { spec } = source;
  const areFewBits = graphs.some((graph) => graph.areFewBits);
  if (passes !== 'layers') {
    const pass = new WholePass(spec, probe, passes, await runtime.load(graphs[0]!, { threads }));
    const few = passes === 'small' && !areFewBits ? await FewRowPass.open(source) : null;
    return { pass: few ? new SmallPass(few, pass) : pass, areFewBits };
  }
  const loaded: Session[] = [];
  let embedding: StoredRows | null = null;
  const release = async () => {
    embedding?.close();
    embedding = null;
    for (const session of loaded) await session.release();
  };
  const load = async (model: RuntimeModel) => {
    const session = await runtime.load(model, { threads, isOneOfMany: true });
    loaded.push(session);
    return session;
  };
  const run = { probe, cacheDtype };
  const piece = areFewBits ? fewBitPiece : Number.POSITIVE_INFINITY;
  try {
    const table = graphs[0]!.embedding;
    if (table) embedding = new StoredRows(table, spec.embedding!.scale);
    const stretches: Session[] = [];
    for (const graph of graphs) stretches.push(await load(graph));
    const attentions: LayerAttention[] = [];
    const sessions = new Map<string, AttentionSessions>();
    for (const [layer, attention] of attentionsOf(spec).entries()) {
      const key = attentionKey(attention);
      if (!sessions.has(key)) {
        const loadAttention = (used: readonly Piece[], sequences: number) =>
          load({
            graph: buildAttention(attention, run, used, sequences),
            weightsFolder: '.',
            memory: new Map(),
          });
        const own = new AttentionSessions(
          loadAttention,
          probe,
          OneQueryAttention.for(attention, threads),
        );
        await own.get(false, 1); // so that what cannot be fails now
        sessions.set(key, own);
      }
      attentions.push(new LayerAttention(layer, attention, probe, sessions.get(key)!));
    }
    const pass = new LayerPass(spec, stretches, attentions, release, { piece, embedding });
    return { pass, areFewBits };
  } catch (error) {
    await release();
    throw error;
  }
}

function passesFor({ weights }: ModelSource): PassKind {
  let count = 0;
  for (const { shape } of weights.values()) count += shape.reduce((product, n) => product * n, 1);
  return count < manyWeights ? 'whole' : 'layers';
}
