import { Option } from '@commander-js/extra-typings';
import { type WeightDtype, weightDtypes } from '@namm/decoder';

/** `--dtype`: what matrices are held in. */
export function dtypeOption(usual: WeightDtype) {
  return new Option('--dtype <name>', 'what matrices are held in')
    .choices(weightDtypes)
    .default(usual);
}
