/**
 * Rows of the table of positions for the patches of an image, some of which may be padding: what is left of the image is
 * spread over the whole table, as NaViT does. Single precision, as in the reference, for which a patch falls just below or
 * above a border. For a few edges (of those up to 40: 19, 25, 29, 38, 40) a vectorised reference rounds a border otherwise.
 *
 * @param edge patches along an edge, and of the table
 * @param isPadding per patch, row by row; padding stands to the right and below
 */
export function patchPositions(edge: number, isPadding: readonly boolean[]): Int32Array {
  const rows = Array.from({ length: edge }, (_, i) => !isPadding[i * edge]).filter(Boolean).length;
  const columns = isPadding.slice(0, edge).filter((isHidden) => !isHidden).length;
  const borders = Array.from({ length: edge - 1 }, (_, i) => Math.fround((i + 1) / edge));
  const largest = Math.fround(1 - 1e-6);
  const places = (count: number) =>
    Array.from({ length: edge }, (_, i) => {
      const place = Math.min(Math.fround(i * Math.fround(1 / count)), largest);
      return borders.filter((border) => border <= place).length;
    });
  const [down, across] = [places(rows), places(columns)];
  return Int32Array.from(isPadding, (isHidden, i) =>
    isHidden ? 0 : down[Math.floor(i / edge)]! * edge + across[i % edge]!,
  );
}
