/**
 * One circle of each knot of files that import each other, types included: a shortest one.
 *
 * @param {ReadonlyMap<string, readonly string[]>} imports of each file, those that it imports
 * @returns {string[][]} each circle as a list of files, the first not repeated
 */
export function findCircles(imports) {
  const circles = [];
  const known = new Set();
  for (const file of imports.keys()) {
    if (known.has(file)) continue;
    const circle = shortestCircle(imports, file);
    if (circle === null) continue;
    circles.push(circle);
    for (const member of knotOf(imports, file)) known.add(member);
  }
  return circles;
}

/** The shortest way from a file back to itself, or null. */
function shortestCircle(imports, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const next of imports.get(file) ?? []) {
      if (next === start) {
        const path = [file];
        while (path[0] !== start) path.unshift(cameFrom.get(path[0]));
        return path;
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return null;
}

/** The files that a file reaches and that reach it. */
function knotOf(imports, file) {
  const importers = new Map();
  for (const [from, targets] of imports) {
    for (const to of targets) importers.set(to, [...(importers.get(to) ?? []), from]);
  }
  const back = reachable(importers, file);
  return [...reachable(imports, file)].filter((other) => back.has(other));
}

function reachable(edges, start) {
  const reached = new Set([start]);
  for (const file of reached) for (const next of edges.get(file) ?? []) reached.add(next);
  return reached;
}
