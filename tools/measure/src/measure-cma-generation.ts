// A separate program, so that its memory is only the package's. Called by `measure cma speed`.
import { measureGeneration } from './cma/measure-generation.js';

console.log(JSON.stringify(measureGeneration(JSON.parse(process.argv[2]!))));
