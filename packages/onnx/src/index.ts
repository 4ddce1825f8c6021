export { type Attribute, type FloatAttribute, float } from './attribute.js';
export type { ElementType } from './element-type.js';
export { GraphBuilder } from './graph-builder.js';
export {
  type Dimension,
  type ExternalData,
  type NodeInput,
  type NodeOptions,
  Value,
} from './value.js';
