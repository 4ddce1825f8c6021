export { FileFormatError, InvalidArgumentError, NammError, type NammErrorOptions } from './errors.js';
export { philox4x32, Random } from './random.js';
