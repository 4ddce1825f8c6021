// A program of its own, so that its memory is that of the package alone. Called by `measure cma speed`.
import { measureGeneration } from './cma/measure-generation.js';

console.log(JSON.stringify(measureGeneration(JSON.parse(process.argv[2]!))));
