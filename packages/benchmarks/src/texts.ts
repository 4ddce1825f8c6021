export { mobyDick } from './texts/moby-dick.js';
export { nanobenchFiller } from './texts/nanobench-filler.js';
export { type Prose, stateOfTheUnion } from './texts/state-of-the-union.js';
