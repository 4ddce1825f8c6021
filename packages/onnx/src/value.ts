import type { Attribute } from './attribute.js';

/** A tensor inside a graph: an input, an initializer or the output of a node. */
export class Value {
  constructor(
    /** The builder that made it. */
    readonly graph: object,
    /** Unique in the graph. */
    readonly name: string,
  ) {}
}

/** A size, or the name of a size that is known only at run time. */
export type Dimension = number | string;

/** Location of an initializer's bytes in a file next to the model. */
export interface ExternalData {
  /** File name, relative to the folder of external data given to the session. */
  readonly location: string;
  /** First byte in the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

export interface NodeOptions {
  /** Operator domain; the standard ONNX operators when absent. */
  readonly domain?: 'com.microsoft';
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** An input of a node; null for an omitted optional input. */
export type NodeInput = Value | null;
