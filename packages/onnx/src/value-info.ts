import { create } from '@bufbuild/protobuf';
import { type ValueInfoProto, ValueInfoProtoSchema } from 'onnx-buf';
import { type ElementType, elementTypeCodes } from './element-type.js';
import type { Dimension } from './value.js';

/** Name, type and shape of an input or output, as an ONNX file has them. */
export function valueInfo(
  name: string,
  type: ElementType,
  dimensions: readonly Dimension[],
): ValueInfoProto {
  const dim = dimensions.map((dimension) => ({
    value:
      typeof dimension === 'number'
        ? { case: 'dimValue' as const, value: BigInt(dimension) }
        : { case: 'dimParam' as const, value: dimension },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: 'tensorType', value: { elemType: elementTypeCodes[type], shape: { dim } } },
    },
  });
}
