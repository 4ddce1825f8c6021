import { FileFormatError } from '@namm/core';
import type { DataFile } from './data-file.js';

/** A piece of a file that is published in several. */
interface Piece {
  readonly file: DataFile;
  /** What all pieces of one file have in common. */
  readonly whole: string;
  /** Name without number and ending: the task, or a split of it. */
  readonly stem: string;
  /** Null for a file in one piece. */
  readonly number: number | null;
  readonly of: number | null;
}

/** Splits that benchmarks are scored on. */
const splits = ['test', 'validation'];

/**
 * The file of a task: `<task>.jsonl` (or json, parquet) anywhere, or the contents of a folder with its name, as in data
 * sets on the hub: `<task>/test-00000-of-00002.parquet` or `<task>/test/0000.parquet`, all pieces in order. A file
 * nearer the top takes precedence over one further down, and a file on disk over the same file in an archive.
 *
 * @returns its pieces; none when there is no such file
 * @throws {FileFormatError} when a piece is missing, or several files match
 */
export function filesOfTask(files: readonly DataFile[], task: string): readonly DataFile[] {
  const all = files.flatMap((file) => pieceOf(file, task) ?? []);
  const depth = ({ file }: Piece) => 2 * file.path.split('/').length + Number(file.isInArchive);
  const least = Math.min(...all.map(depth));
  const nearest = all.filter((piece) => depth(piece) === least);
  const stem = [task, ...splits].find((each) => nearest.some((piece) => piece.stem === each));
  const own = nearest.filter((piece) => stem === undefined || piece.stem === stem);
  const wholes = [...new Set(own.map(({ whole }) => whole))];
  if (wholes.length > 1) {
    const names = own.map(({ file }) => file.path).join(', ');
    const problem = `several files may be ${task}: ${names}; name the folder of one as the data`;
    throw new FileFormatError(own[0]!.file.name, problem);
  }
  const pieces = own.sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
  const wanted = pieces[0]?.of ?? pieces.length;
  for (let number = 0; number < wanted && pieces[0]!.number !== null; number++) {
    if (pieces[number]?.number === number) continue;
    const problem = `piece ${number} of ${task} is missing beside it; download it again`;
    throw new FileFormatError(pieces[0]!.file.name, problem);
  }
  return pieces.map(({ file }) => file);
}

function pieceOf(file: DataFile, task: string): Piece | null {
  const parts = file.path.split('/');
  const [, base, ending] = /^(.*)\.(jsonl|json|parquet)$/.exec(parts.at(-1)!) ?? [];
  if (base === undefined) return null;
  const folder = parts.slice(0, -1).join('/');
  const numbered = /^(.*?)-?(\d{4,5})(?:-of-(\d{5}))?$/.exec(base);
  const isPiece = numbered !== null && (numbered[3] !== undefined || numbered[1] === '');
  // `<task>/test/0000.parquet`: the split is the folder.
  const stem = isPiece ? numbered[1] || parts.at(-2) || '' : base;
  const isOwn = stem === task || parts.at(-2) === task || parts.at(-3) === task;
  if (!isOwn || (ending === 'json' && stem !== task)) return null;
  return {
    ...{ file, stem, whole: `${folder}/${stem}.${ending}` },
    number: isPiece ? Number(numbered[2]) : null,
    of: isPiece && numbered[3] !== undefined ? Number(numbered[3]) : null,
  };
}
