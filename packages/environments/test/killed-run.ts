// A training in a process of its own, which the test kills.
import { type TrainArsOptions, trainArs } from '../src/training/train-ars.js';

await trainArs(JSON.parse(process.argv[2]!) as TrainArsOptions);
