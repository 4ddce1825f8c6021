import { create } from '@bufbuild/protobuf';
import { InvalidArgumentError } from '@namm/core';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
} from 'onnx-buf';

/** Marks a number as an ONNX float attribute; a bare number is an integer attribute. */
export interface FloatAttribute {
  readonly float: number;
}

/** An integer, a float, a text or a list of integers. */
export type Attribute = number | FloatAttribute | string | readonly number[];

/** What a node can hold: its attributes, and the graphs of its branches. */
export type NodeAttribute = Attribute | GraphProto;

/**
 * A float attribute, even if its value is a whole number.
 *
 * @throws {InvalidArgumentError} when float32 cannot hold the value
 */
export function float(value: number): FloatAttribute {
  if (!Number.isFinite(Math.fround(value))) {
    throw new InvalidArgumentError('value', `${value} is not finite in float32`);
  }
  return { float: value };
}

/** The protobuf form of an attribute. */
export function attributeProto(name: string, value: NodeAttribute): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if ('$typeName' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: value });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}
