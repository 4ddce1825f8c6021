/**
 * Finds the highest scores in linear time on average, allocating only the result. Of equal scores at the cut, the
 * lowest index wins.
 */
export class TopSlots {
  #scratch = new Float64Array(0);

  /**
   * @param scores numbers; NaN is not allowed
   * @param end only `scores[0 … end − 1]` compete
   * @param count how many to take, 0 … end
   * @param tail how many slots from `end` on to add whatever their score
   * @returns ascending slots, `[count + tail]`
   */
  select(scores: Float64Array, end: number, count: number, tail = 0): Uint32Array {
    const slots = new Uint32Array(count + tail);
    let taken = 0;
    if (count > 0) {
      const cut = this.#nthHighest(scores, end, count);
      let ties = count;
      for (let i = 0; i < end; i++) if (scores[i]! > cut) ties--;
      for (let i = 0; i < end; i++) {
        if (scores[i]! > cut || (scores[i] === cut && ties-- > 0)) slots[taken++] = i;
      }
    }
    for (let i = 0; i < tail; i++) slots[taken++] = end + i;
    return slots;
  }

  /** The n-th highest score, n from 1 on: Hoare's quickselect, descending. */
  #nthHighest(scores: Float64Array, end: number, n: number): number {
    if (this.#scratch.length < end) this.#scratch = new Float64Array(end + (end >>> 2));
    const values = this.#scratch;
    values.set(scores.subarray(0, end));
    const wanted = n - 1;
    let low = 0;
    let high = end - 1;
    while (low < high) {
      const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
      let i = low;
      let j = high;
      while (i <= j) {
        while (values[i]! > pivot) i++;
        while (values[j]! < pivot) j--;
        if (i > j) break;
        const swapped = values[i]!;
        values[i++] = values[j]!;
        values[j--] = swapped;
      }
      if (wanted <= j) high = j;
      else if (wanted >= i) low = i;
      else break; // between the halves lies the pivot itself
    }
    return values[wanted]!;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
