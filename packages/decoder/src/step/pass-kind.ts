import type { PassSize } from '../graph/names.js';

/**
 * How a pass is computed:
 *
 * - `whole`: in one graph, sequence by sequence;
 * - `small`: likewise, for a model so small that what a pass costs beside its arithmetic counts, such as an agent's:
 *   the graph has fewer inputs, outputs and nodes; in return new rows are copied once, and in each pass of a forked
 *   cache those that it shares; passes of a few tokens skip the runtime where the layers are of a kind that a kernel
 *   knows (GPT-2's over rows, with ReLU);
 * - `layers`: layer by layer, so that all items of a step share the linear layers, in more runs of smaller graphs.
 */
export type PassKind = PassSize | 'layers';

export const passKinds = ['whole', 'small', 'layers'] as const satisfies readonly PassKind[];
