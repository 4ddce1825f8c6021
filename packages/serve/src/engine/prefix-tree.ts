/** A run of ids that all sequences below it have in common. */
interface Node<Entry> {
  readonly ids: Int32Array;
  readonly children: Map<number, Node<Entry>>;
  readonly entries: Set<Entry>;
}

/**
 * Finds what is stored under beginnings of a sequence of ids: a radix tree, whose edges are runs of ids.
 *
 * @example
 * ```ts
 * const tree = new PrefixTree<string>();
 * tree.insert([1, 2, 3], 'a');
 * tree.find([1, 2, 3, 4], () => true); // { entry: 'a', length: 3 }
 * ```
 */
export class PrefixTree<Entry> {
  readonly #root: Node<Entry> = newNode(new Int32Array(0));

  insert(ids: ArrayLike<number>, entry: Entry): void {
    let node = this.#root;
    let depth = 0;
    while (depth < ids.length) {
      const child = node.children.get(ids[depth]!);
      if (child === undefined) {
        // A copy, so that it does not keep a whole sequence alive.
        const fresh = newNode<Entry>(Int32Array.from(ids).slice(depth));
        node.children.set(ids[depth]!, fresh);
        node = fresh;
        break;
      }
      const common = commonLength(child.ids, ids, depth);
      node = common < child.ids.length ? split(node, child, common) : child;
      depth += common;
    }
    node.entries.add(entry);
  }

  /** Takes an entry out again. */
  remove(ids: ArrayLike<number>, entry: Entry): void {
    const path: Node<Entry>[] = [this.#root];
    let depth = 0;
    while (depth < ids.length) {
      const child = path.at(-1)!.children.get(ids[depth]!);
      if (child === undefined) return;
      path.push(child);
      depth += child.ids.length;
    }
    path.at(-1)!.entries.delete(entry);
    // Nodes that nothing needs any more go, so that there are never more than two for each entry.
    for (let i = path.length - 1; i > 0; i--) {
      const { entries, children, ids: own } = path[i]!;
      if (entries.size > 0 || children.size > 1) return;
      const siblings = path[i - 1]!.children;
      const [below] = children.values();
      if (below !== undefined) {
        siblings.set(own[0]!, { ...below, ids: joined(own, below.ids) });
        return;
      }
      siblings.delete(own[0]!);
    }
  }

  /** Nodes below the root. */
  get size(): number {
    const count = ({ children }: Node<Entry>): number =>
      [...children.values()].reduce((sum, child) => sum + 1 + count(child), 0);
    return count(this.#root);
  }

  /**
   * The entry under the longest beginning of the ids.
   *
   * @param accept says which entries will do
   */
  find(
    ids: ArrayLike<number>,
    accept: (entry: Entry, length: number) => boolean,
  ): { readonly entry: Entry; readonly length: number } | null {
    let found: { entry: Entry; length: number } | null = null;
    this.#walk(ids, (node, length) => {
      for (const entry of node.entries) if (accept(entry, length)) found = { entry, length };
    });
    return found;
  }

  /** How many of the ids, from the first on, some sequence in the tree begins with. */
  commonLength(ids: ArrayLike<number>): number {
    return this.#walk(ids, () => {});
  }

  #walk(ids: ArrayLike<number>, visit: (node: Node<Entry>, length: number) => void): number {
    let node = this.#root;
    let depth = 0;
    visit(node, depth);
    while (depth < ids.length) {
      const child = node.children.get(ids[depth]!);
      if (child === undefined) break;
      const common = commonLength(child.ids, ids, depth);
      depth += common;
      if (common < child.ids.length) break;
      node = child;
      visit(node, depth);
    }
    return depth;
  }
}

function newNode<Entry>(ids: Int32Array): Node<Entry> {
  return { ids, children: new Map(), entries: new Set() };
}

/** Puts a node between the two, where the ids part. */
function split<Entry>(parent: Node<Entry>, child: Node<Entry>, at: number): Node<Entry> {
  const middle = newNode<Entry>(child.ids.slice(0, at));
  const rest = { ...child, ids: child.ids.slice(at) };
  middle.children.set(rest.ids[0]!, rest);
  parent.children.set(middle.ids[0]!, middle);
  return middle;
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function commonLength(edge: Int32Array, ids: ArrayLike<number>, from: number): number {
  const most = Math.min(edge.length, ids.length - from);
  let length = 0;
  while (length < most && edge[length] === ids[from + length]) length++;
  return length;
}
