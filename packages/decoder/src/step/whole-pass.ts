import type { Probe } from '@namm/kv-cache';
import { names, type PassSize, type Piece, pieces } from '../graph/names.js';
import { readObservations } from '../probes/read-observations.js';
import type { Feed, Session } from '../runtime/runtime.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { ForwardPass, Part, PartOutputs } from './forward-pass.js';
import { PastInputs } from './past-inputs.js';
import { readOutputs } from './read-outputs.js';
import { TokenInputs } from './token-inputs.js';

/** Passes in one graph, of one sequence each: one run of the session. */
export class WholePass implements ForwardPass {
  readonly takesMany = false;
  readonly #spec: DecoderSpec;
  readonly #probe: Probe;
  readonly #pieces: readonly Piece[];
  readonly #session: Session;
  readonly #tokens: TokenInputs;
  readonly #past: PastInputs;

  /**
   * @param spec the model
   * @param probe what the graph reports
   * @param size what passes are like
   * @param session of `buildGraph`
   */
  constructor(spec: DecoderSpec, probe: Probe, size: PassSize, session: Session) {
    this.#pieces = pieces[size];
    this.#spec = spec;
    this.#probe = probe;
    this.#session = session;
    this.#tokens = new TokenInputs(spec);
    const layers = spec.layers.map(({ attention }, layer) => ({ layer, spec: attention }));
    this.#past = new PastInputs(layers, probe);
  }

  async run(parts: readonly Part[]): Promise<PartOutputs[]> {
    const results: PartOutputs[] = [];
    for (const part of parts) results.push(await this.#run(part));
    return results;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  async #run(part: Part): Promise<PartOutputs> {
    const { cache, chunk, outputRows } = part;
    const feeds = new Map<string, Feed>();
    this.#tokens.addTokens(feeds, [part]);
    this.#tokens.addRotary(feeds, [part]);
    feeds.set(names.outputRows, { data: outputRows, shape: [outputRows.length] });
    this.#past.add(feeds, cache, chunk.count, () => this.#pieces);
    const outputs = await this.#session.run(feeds);
    return {
      ...readOutputs(outputs, this.#spec, chunk.count),
      observations: this.#spec.layers.flatMap(({ attention }, layer) =>
        readObservations(
          { outputs, layer, attention, count: chunk.count },
          this.#probe,
          cache.policy,
        ),
      ),
    };
  }
}
