import type { Probe } from '@namm/kv-cache';
import { names, type PassSize, type Piece, pieces } from '../graph/names.js';
import { readObservations } from '../probes/read-observations.js';
import type { Feed, Session } from '../runtime/runtime.js';
import type { AttentionSpec, DecoderSpec } from '../spec/decoder-spec.js';
import { attentionsOf } from '../spec/layers-of.js';
import type { ForwardPass, Part, PartOutputs } from './forward-pass.js';
import { PastInputs } from './past-inputs.js';
import { readOutputs } from './read-outputs.js';
import { StateInputs } from './state-inputs.js';
import { TokenInputs } from './token-inputs.js';

/** Passes in one graph, of one sequence each: one run of the session. */
export class WholePass implements ForwardPass {
  readonly takesMany = false;
  readonly #spec: DecoderSpec;
  readonly #attentions: readonly AttentionSpec[];
  readonly #probe: Probe;
  readonly #pieces: readonly Piece[];
  readonly #session: Session;
  readonly #tokens: TokenInputs;
  readonly #past: PastInputs;
  readonly #states: StateInputs;

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
    this.#attentions = attentionsOf(spec);
    const layers = this.#attentions.map((attention, layer) => ({ layer, spec: attention }));
    this.#past = new PastInputs(layers, probe);
    this.#states = new StateInputs(spec);
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
    this.#past.add(feeds, [{ cache, count: chunk.count }], this.#pieces);
    this.#states.add(feeds, [part]);
    const outputs = await this.#session.run(feeds);
    return {
      ...readOutputs(outputs, this.#spec, chunk.count, this.#states.read(outputs, 0)),
      observations: this.#attentions.flatMap((attention, layer) =>
        readObservations(
          { outputs, layer, attention, count: chunk.count },
          this.#probe,
          cache.policy,
        ),
      ),
    };
  }
}
