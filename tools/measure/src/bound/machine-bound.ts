import { ortNode, type Session } from '@namm/decoder';
import { GraphBuilder } from '@namm/onnx';

/** Rows, inputs and outputs of the product: large enough that nothing but arithmetic counts, small enough to be quick. */
const size = { rows: 512, inputs: 2048, outputs: 2048 };

/** More than any cache of a processor holds. */
const bytesRead = 2 ** 28;

/** What this machine can do: the bounds that a model's time is held against. */
export class MachineBound {
  readonly #product: Session;
  readonly #x = new Float32Array(size.rows * size.inputs).fill(0.5);
  readonly #memory = Buffer.alloc(bytesRead, 1);

  private constructor(product: Session) {
    this.#product = product;
  }

  /** @param threads that compute the product */
  static async open(threads: number): Promise<MachineBound> {
    const { rows, inputs, outputs } = size;
    const graph = new GraphBuilder('product');
    const x = graph.input('x', 'float32', [rows, inputs]);
    const bytes = new Uint8Array(new Float32Array(inputs * outputs).fill(0.5).buffer);
    const place = { location: 'w', offset: 0, length: bytes.length };
    const w = graph.external('w', 'float32', [inputs, outputs], place);
    graph.output('y', graph.node('Gemm', [x, w]), 'float32', [rows, outputs]);
    const memory = new Map([['w', async () => bytes]]);
    const model = { graph: graph.encode(), weightsFolder: '.', memory };
    return new MachineBound(await ortNode.load(model, { threads }));
  }

  /** Computes a product of matrices in float32, by the library that computes the model, too. */
  async multiply(): Promise<{ readonly operations: number }> {
    const { rows, inputs, outputs } = size;
    await this.#product.run(new Map([['x', { data: this.#x, shape: [rows, inputs] }]]));
    return { operations: 2 * rows * inputs * outputs };
  }

  /** Reads memory once, on one core: looks for a byte that is not there. */
  read(): { readonly bytes: number } {
    if (this.#memory.indexOf(0) !== -1) throw new Error('memory changed');
    return { bytes: bytesRead };
  }

  async release(): Promise<void> {
    await this.#product.release();
  }
}
