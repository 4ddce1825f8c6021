export { type Attribute, type FloatAttribute, float } from './attribute.js';
export type { ElementType } from './element-type.js';
export {
  type Dimension,
  type ExternalData,
  GraphBuilder,
  type NodeInput,
  type NodeOptions,
  Value,
} from './graph-builder.js';
