import { bundleForEsbuild } from '../../inline-bundle.ts';
import { preset } from '../../tsup.preset.ts';

export default preset(undefined, { esbuildPlugins: [bundleForEsbuild()] });
