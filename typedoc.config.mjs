// `npm run docs`: the API reference of all published packages, in docs/api.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Converter } from 'typedoc';

const packages = readdirSync('packages').filter((name) => {
  const manifest = `packages/${name}/package.json`;
  return existsSync(manifest) && !JSON.parse(readFileSync(manifest, 'utf8')).private;
});

/** Calls each module what it is imported as. */
function nameModules(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      module.name = `@namm/${module.name.replace(/\/src(\/index)?$/, '').replace('/src/', '/')}`;
    }
  });
}

export default {
  name: 'NAMM for TypeScript',
  tsconfig: 'tsconfig.json',
  entryPoints: packages.map((name) => `packages/${name}/src/index.ts`),
  plugin: [nameModules],
  out: 'docs/api',
  includeVersion: false,
  excludeInternal: true,
  validation: { notExported: false, invalidPath: false },
};
