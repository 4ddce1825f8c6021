import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A public function, constructor or method, and where among its parameters an object of options is. */
export interface OptionTaker {
  /** Folder of the package. */
  readonly package: string;
  /** Source of the entry that exports it. */
  readonly file: string;
  readonly exported: string;
  /** Name of the method, `constructor`, or null for a function. */
  readonly member: string | null;
  readonly isStatic: boolean;
  /** Which parameter, from 0. */
  readonly place: number;
  readonly options: readonly string[];
}

/** Types of data: records, shapes and files, whose fields may be absent but are no options. */
const data =
  /(Record|Spec|Shape|Checkpoint|Weight|Update|Score|Tokens|Task|Result|Policy|Contender|Layer|Constants|Config)$/;

const root = join(import.meta.dirname, '../../..');

/** Entries of the packages that are published, as sources. */
function entries(): { name: string; file: string }[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const manifest = join(root, 'packages', name, 'package.json');
    if (!existsSync(manifest)) return [];
    const { private: isPrivate, exports } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (isPrivate) return [];
    return Object.keys(exports)
      .filter((entry) => entry !== './package.json' && entry !== './worker')
      .map((entry) => (entry === '.' ? 'index' : entry.slice('./'.length)))
      .map((entry) => ({ name, file: join(root, 'packages', name, 'src', `${entry}.ts`) }))
      .filter(({ file }) => existsSync(file));
  });
}

/** All public takers of options, read from the types of the sources. */
export function publicOptions(): OptionTaker[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const { tsBuildInfoFile: _, ...withoutBuildInfo } = options;
  const files = entries();
  const program = ts.createProgram(
    files.map(({ file }) => file),
    { ...withoutBuildInfo, incremental: false, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const takers = new Map<string, OptionTaker>();
  for (const { name, file } of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      for (const { member, isStatic, declaration } of functionsOf(symbol)) {
        for (const [place, parameter] of declaration.parameters.entries()) {
          const names = optionNames(checker, checker.getTypeAtLocation(parameter));
          if (names === null) continue;
          const taker = { package: name, file, exported: exported.name, member, isStatic, place };
          const key = `${name} ${exported.name} ${member} ${place}`;
          if (!takers.has(key)) takers.set(key, { ...taker, options: names });
        }
      }
    }
  }
  return [...takers.values()];
}

interface PublicFunction {
  readonly member: string | null;
  readonly isStatic: boolean;
  readonly declaration: ts.SignatureDeclarationBase;
}

function functionsOf(symbol: ts.Symbol): PublicFunction[] {
  return (symbol.declarations ?? []).flatMap((declaration): PublicFunction[] => {
    if (ts.isFunctionDeclaration(declaration)) {
      return [{ member: null, isStatic: false, declaration }];
    }
    if (!ts.isClassDeclaration(declaration) || isError(declaration)) return [];
    return declaration.members.flatMap((member): PublicFunction[] => {
      const flags = ts.getCombinedModifierFlags(member);
      const isHidden = flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
      const isInternal = ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal');
      if (isHidden || isInternal) return [];
      if (ts.isConstructorDeclaration(member)) {
        return [{ member: 'constructor', isStatic: true, declaration: member }];
      }
      if (!ts.isMethodDeclaration(member) || !ts.isIdentifier(member.name)) return [];
      const isStatic = (flags & ts.ModifierFlags.Static) !== 0;
      return [{ member: member.name.text, isStatic, declaration: member }];
    });
  });
}

/** Errors are made by those who throw them. */
function isError(declaration: ts.ClassDeclaration): boolean {
  const base = declaration.heritageClauses?.[0]?.types[0]?.expression.getText() ?? '';
  return base.endsWith('Error');
}

/**
 * The options of a type: properties of a plain object of ours, of which some may be left out. Null for other types,
 * and for those that stand for data.
 */
function optionNames(checker: ts.TypeChecker, type: ts.Type): string[] | null {
  const plain = checker.getNonNullableType(type);
  const names = new Set<string>();
  let hasOptional = false;
  for (const part of plain.isUnion() ? plain.types : [plain]) {
    if (data.test(part.aliasSymbol?.name ?? '') || data.test(part.symbol?.name ?? '')) return null;
    if (!(part.flags & ts.TypeFlags.Object) && !part.isIntersection()) return null;
    if (part.getCallSignatures().length + part.getConstructSignatures().length > 0) return null;
    const properties = part.getProperties();
    const declared = properties.flatMap(({ declarations }) => declarations ?? []);
    const isOfMethods = declared.some(
      (one) => ts.isMethodDeclaration(one) || ts.isMethodSignature(one) || ts.isAccessor(one),
    );
    const isOurs = declared.every((one) =>
      /\/packages\/[^/]+\/src\//.test(one.getSourceFile().fileName),
    );
    if (properties.length === 0 || isOfMethods || !isOurs) return null;
    for (const property of properties) {
      names.add(property.name);
      if (property.flags & ts.SymbolFlags.Optional) hasOptional = true;
    }
  }
  return hasOptional ? [...names].sort() : null; // the checker lists them as it met them
}
