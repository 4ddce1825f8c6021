const explanations: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left on the disk of',
  EDQUOT: 'the quota is used up for',
  EACCES: 'this user may not write to',
  EPERM: 'this user may not write to',
  EROFS: 'nothing can be written to',
  ENOTDIR: 'something that is not a folder is in the way of',
  EEXIST: 'something that is not a folder is in the way of',
};

/** Says why nothing could be written to a folder. */
export function diskProblem(folder: string, cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  const explanation = explanations[code];
  return explanation === undefined
    ? `nothing could be written to ${folder} (${String(cause)})`
    : `${explanation} ${folder}`;
}
