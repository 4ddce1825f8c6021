// Scores of all tokens of one head under counter-causal attention, for a scorer in the form of
// src/fold-parameters.ts. Eight tokens at a time stand in the lanes of two vectors; their attention is
// taken over 256 newer tokens at a time (softmax with a running maximum), so that a part of the scores
// matrix, the tokens it belongs to and everything else stays in the first-level cache.
//
// "Column" is what eight tokens have of one number: 32 bytes.

/** Bytes of a column. */
const column: usize = 32;
/** Tokens attended to at a time. */
const chunk: i32 = 256;
/** Powers below 2^-64 of the largest do not show in a sum; without a bound they become subnormal: slow. */
const lowest: f32 = -64;
/** As far from 0 as exponents may be without a maximum taken off first. */
const safe: f32 = 60;

// 2^f on [−1/2, 1/2] with a relative error below 7.5e-8: minimax polynomial, the constant first.
// In memory, because a constant in the code would be built anew for every vector.
const c0: f32 = 1.0000001192092896;
const c1: f32 = 0.6931469440460205;
const c2: f32 = 0.24022120237350464;
const c3: f32 = 0.05550713092088699;
const c4: f32 = 0.009675540961325169;
const c5: f32 = 0.001327647129073739;
/** Adding 1.5 · 2^23 rounds to an integer, which then stands in the lowest bits. */
const rounder: f32 = 12582912;
const constants: usize = memory.data<f32>([c0, c1, c2, c3, c4, c5, rounder, lowest]);

/**
 * a b + c: in one instruction, rounded once, where the engine has relaxed SIMD (the build script compiles this
 * file twice); else rounded twice.
 */
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Bytes that `score` needs to work, for tokens of `size` numbers. */
export function workBytes(size: i32): i32 {
  return (4 * size + chunk + 1) * (column as i32);
}

/**
 * rows[5, 8 tokens] += matrix[5, depth] · columns[depth, 8 tokens]; the matrix has elements `across` bytes
 * apart along its depth, and rows `down` bytes apart.
 */
function multiply(
  matrix: usize,
  down: usize,
  across: usize,
  columns: usize,
  end: usize,
  rows: usize,
): void {
  let m0 = matrix;
  let m1 = m0 + down;
  let m2 = m1 + down;
  let m3 = m2 + down;
  let m4 = m3 + down;
  let r0a = v128.load(rows, 0);
  let r0b = v128.load(rows, 16);
  let r1a = v128.load(rows, 32);
  let r1b = v128.load(rows, 48);
  let r2a = v128.load(rows, 64);
  let r2b = v128.load(rows, 80);
  let r3a = v128.load(rows, 96);
  let r3b = v128.load(rows, 112);
  let r4a = v128.load(rows, 128);
  let r4b = v128.load(rows, 144);
  for (; columns < end; columns += column) {
    const a = v128.load(columns);
    const b = v128.load(columns, 16);
    let factor = v128.load32_splat(m0);
    r0a = multiplyAdd(factor, a, r0a);
    r0b = multiplyAdd(factor, b, r0b);
    factor = v128.load32_splat(m1);
    r1a = multiplyAdd(factor, a, r1a);
    r1b = multiplyAdd(factor, b, r1b);
    factor = v128.load32_splat(m2);
    r2a = multiplyAdd(factor, a, r2a);
    r2b = multiplyAdd(factor, b, r2b);
    factor = v128.load32_splat(m3);
    r3a = multiplyAdd(factor, a, r3a);
    r3b = multiplyAdd(factor, b, r3b);
    factor = v128.load32_splat(m4);
    r4a = multiplyAdd(factor, a, r4a);
    r4b = multiplyAdd(factor, b, r4b);
    m0 += across;
    m1 += across;
    m2 += across;
    m3 += across;
    m4 += across;
  }
  v128.store(rows, r0a, 0);
  v128.store(rows, r0b, 16);
  v128.store(rows, r1a, 32);
  v128.store(rows, r1b, 48);
  v128.store(rows, r2a, 64);
  v128.store(rows, r2b, 80);
  v128.store(rows, r3a, 96);
  v128.store(rows, r3b, 112);
  v128.store(rows, r4a, 128);
  v128.store(rows, r4b, 144);
}

/** logits[4 keys, 8 queries] = keys[4, size] · queries[size, 8]. */
function logitsOf(keys: usize, rowBytes: usize, queries: usize, end: usize, logits: usize): void {
  let k0 = keys;
  let k1 = k0 + rowBytes;
  let k2 = k1 + rowBytes;
  let k3 = k2 + rowBytes;
  let l0a = f32x4.splat(0);
  let l0b = l0a;
  let l1a = l0a;
  let l1b = l0a;
  let l2a = l0a;
  let l2b = l0a;
  let l3a = l0a;
  let l3b = l0a;
  for (; queries < end; queries += column) {
    const a = v128.load(queries);
    const b = v128.load(queries, 16);
    let factor = v128.load32_splat(k0);
    l0a = multiplyAdd(factor, a, l0a);
    l0b = multiplyAdd(factor, b, l0b);
    factor = v128.load32_splat(k1);
    l1a = multiplyAdd(factor, a, l1a);
    l1b = multiplyAdd(factor, b, l1b);
    factor = v128.load32_splat(k2);
    l2a = multiplyAdd(factor, a, l2a);
    l2b = multiplyAdd(factor, b, l2b);
    factor = v128.load32_splat(k3);
    l3a = multiplyAdd(factor, a, l3a);
    l3b = multiplyAdd(factor, b, l3b);
    k0 += 4;
    k1 += 4;
    k2 += 4;
    k3 += 4;
  }
  v128.store(logits, l0a, 0);
  v128.store(logits, l0b, 16);
  v128.store(logits, l1a, 32);
  v128.store(logits, l1b, 48);
  v128.store(logits, l2a, 64);
  v128.store(logits, l2b, 80);
  v128.store(logits, l3a, 96);
  v128.store(logits, l3b, 112);
}

/**
 * Replaces logits by 2^(logit − maximum), and adds them to the sums (a column).
 *
 * @param isSafe 1 when all logits are in ±60 and the maxima are taken as 0
 */
function powers(
  logits: usize,
  end: usize,
  maximumA: v128,
  maximumB: v128,
  sums: usize,
  isSafe: i32,
): void {
  const p0 = v128.load32_splat(constants, 0);
  const p1 = v128.load32_splat(constants, 4);
  const p2 = v128.load32_splat(constants, 8);
  const p3 = v128.load32_splat(constants, 12);
  const p4 = v128.load32_splat(constants, 16);
  const p5 = v128.load32_splat(constants, 20);
  const round = v128.load32_splat(constants, 24);
  const bound = v128.load32_splat(constants, 28);
  let sumA = v128.load(sums);
  let sumB = v128.load(sums, 16);
  for (; logits < end; logits += column) {
    let a = v128.load(logits);
    let b = v128.load(logits, 16);
    if (!isSafe) {
      a = f32x4.pmax(bound, f32x4.sub(a, maximumA));
      b = f32x4.pmax(bound, f32x4.sub(b, maximumB));
    }
    // x = n + f with n an integer: 2^f by the polynomial, times 2^n by adding n to the exponent's bits.
    const roundA = f32x4.add(a, round);
    const fractionA = f32x4.sub(a, f32x4.sub(roundA, round));
    let powerA = multiplyAdd(p5, fractionA, p4);
    powerA = multiplyAdd(powerA, fractionA, p3);
    powerA = multiplyAdd(powerA, fractionA, p2);
    powerA = multiplyAdd(powerA, fractionA, p1);
    powerA = multiplyAdd(powerA, fractionA, p0);
    powerA = i32x4.add(powerA, i32x4.shl(roundA, 23));
    v128.store(logits, powerA);
    sumA = f32x4.add(sumA, powerA);
    const roundB = f32x4.add(b, round);
    const fractionB = f32x4.sub(b, f32x4.sub(roundB, round));
    let powerB = multiplyAdd(p5, fractionB, p4);
    powerB = multiplyAdd(powerB, fractionB, p3);
    powerB = multiplyAdd(powerB, fractionB, p2);
    powerB = multiplyAdd(powerB, fractionB, p1);
    powerB = multiplyAdd(powerB, fractionB, p0);
    powerB = i32x4.add(powerB, i32x4.shl(roundB, 23));
    v128.store(logits, powerB, 16);
    sumB = f32x4.add(sumB, powerB);
  }
  v128.store(sums, sumA);
  v128.store(sums, sumB, 16);
}

/** The largest Σ of the squares of a token's numbers, of eight tokens. */
function longestOf(columns: usize, end: usize): f32 {
  let a = f32x4.splat(0);
  let b = a;
  for (; columns < end; columns += column) {
    const valueA = v128.load(columns);
    const valueB = v128.load(columns, 16);
    a = multiplyAdd(valueA, valueA, a);
    b = multiplyAdd(valueB, valueB, b);
  }
  a = f32x4.max(a, b);
  return max(
    max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** Repeats each of `size` numbers for eight tokens. */
function spread(values: usize, size: usize, columns: usize): void {
  for (let i: usize = 0; i < size; i++) {
    const value = v128.load32_splat(values + (i << 2));
    v128.store(columns + i * column, value);
    v128.store(columns + i * column, value, 16);
  }
}

/**
 * Scores the tokens of one head.
 *
 * @param tokens `[count, size]`, oldest first, zeros up to the next multiple of 8 tokens
 * @param size numbers per token, a multiple of 5
 * @param weights see src/fold-parameters.ts
 * @param work `workBytes(size)` bytes, at a multiple of 16
 * @param scores `[count]`, with room up to the next multiple of 8
 */
export function score(
  tokens: usize,
  count: i32,
  size: i32,
  weights: usize,
  work: usize,
  scores: usize,
): void {
  const length = size as usize;
  const rowBytes = length << 2;
  const tile = length * column;
  const queryMatrix = weights;
  const queryBias = queryMatrix + length * rowBytes;
  const factorMatrix = queryBias + rowBytes;
  const factorBias = factorMatrix + length * rowBytes;
  const direct = factorBias + rowBytes;
  const scoreWeights = direct + rowBytes;
  const scoreBias = scoreWeights + rowBytes;
  const own = work; // the eight tokens' own numbers
  const queries = own + tile;
  const attended = queries + tile;
  const sums = attended + tile; // right behind, to be rescaled with it
  const factors = sums + column;
  const logits = factors + tile;
  const padded = (count + 7) & ~7;
  let longest: f32 = 0; // largest squared length of a token so far: tokens come newest first

  for (let first = padded - 8; first >= 0; first -= 8) {
    const rows = tokens + (first as usize) * rowBytes;
    for (let half: usize = 0; half < 8; half += 4) {
      const row0 = rows + half * rowBytes;
      const row1 = row0 + rowBytes;
      const row2 = row1 + rowBytes;
      const row3 = row2 + rowBytes;
      const target = own + (half << 2);
      let i: usize = 0;
      for (; i + 4 <= length; i += 4) {
        const at = i << 2;
        const a = v128.load(row0 + at);
        const b = v128.load(row1 + at);
        const c = v128.load(row2 + at);
        const d = v128.load(row3 + at);
        const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
        const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
        const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
        const CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
        const t = target + i * column;
        v128.store(t, v128.shuffle<f64>(ab, cd, 0, 2));
        v128.store(t, v128.shuffle<f64>(ab, cd, 1, 3), 32);
        v128.store(t, v128.shuffle<f64>(AB, CD, 0, 2), 64);
        v128.store(t, v128.shuffle<f64>(AB, CD, 1, 3), 96);
      }
      for (; i < length; i++) {
        const t = target + i * column;
        f32.store(t, f32.load(row0 + (i << 2)));
        f32.store(t, f32.load(row1 + (i << 2)), 4);
        f32.store(t, f32.load(row2 + (i << 2)), 8);
        f32.store(t, f32.load(row3 + (i << 2)), 12);
      }
    }
    spread(queryBias, length, queries);
    for (let i: usize = 0; i < length; i += 5) {
      multiply(queryMatrix + i * rowBytes, rowBytes, 4, own, own + tile, queries + i * column);
    }

    // |q · x| ≤ |q| |x|. Where that is small enough no maximum has to be found and taken off.
    longest = max(longest, longestOf(own, own + tile));
    const largest = longestOf(queries, queries + tile);
    const isSafe: i32 = largest * longest <= safe * safe ? 1 : 0;
    const masked: f32 = isSafe ? -2 * safe : -1e30;

    memory.fill(attended, 0, tile);
    memory.fill(sums, 0, column);
    let maximumA = f32x4.splat(isSafe ? 0 : -1e30);
    let maximumB = maximumA;
    for (let start = first; start < padded; start += chunk) {
      const keys = tokens + (start as usize) * rowBytes;
      const keyCount = min(chunk, padded - start);
      const end = logits + (keyCount as usize) * column;
      for (let key = 0; key < keyCount; key += 4) {
        const at = key as usize;
        logitsOf(keys + at * rowBytes, rowBytes, queries, queries + tile, logits + at * column);
      }
      if (start === first) {
        // A token attends to itself and to newer ones.
        for (let key: usize = 0; key < 8; key++) {
          for (let lane = key + 1; lane < 8; lane++) {
            f32.store(logits + key * column + (lane << 2), masked);
          }
        }
      }
      for (let key = max(0, count - start); key < keyCount; key++) {
        const at = logits + (key as usize) * column;
        v128.store(at, f32x4.splat(masked));
        v128.store(at, f32x4.splat(masked), 16);
      }
      if (!isSafe) {
        let newA = maximumA;
        let newB = maximumB;
        for (let at = logits; at < end; at += column) {
          newA = f32x4.pmax(newA, v128.load(at));
          newB = f32x4.pmax(newB, v128.load(at, 16));
        }
        // What was summed so far was relative to the old maxima: times 2^(old − new), in factors for now.
        v128.store(factors, maximumA);
        v128.store(factors, maximumB, 16);
        memory.fill(factors + column, 0, column);
        powers(factors, factors + column, newA, newB, factors + column, 0);
        const scaleA = v128.load(factors);
        const scaleB = v128.load(factors, 16);
        for (let at = attended; at <= sums; at += column) {
          v128.store(at, f32x4.mul(v128.load(at), scaleA));
          v128.store(at, f32x4.mul(v128.load(at, 16), scaleB), 16);
        }
        maximumA = newA;
        maximumB = newB;
      }
      powers(logits, end, maximumA, maximumB, sums, isSafe);
      for (let i: usize = 0; i < length; i += 5) {
        multiply(keys + (i << 2), 4, rowBytes, logits, end, attended + i * column);
      }
    }

    const shareA = f32x4.div(f32x4.splat(1), v128.load(sums));
    const shareB = f32x4.div(f32x4.splat(1), v128.load(sums, 16));
    let scoreA = v128.load32_splat(scoreBias);
    let scoreB = scoreA;
    for (let i: usize = 0; i < length; i++) {
      const a = f32x4.mul(v128.load(attended + i * column), shareA);
      const b = f32x4.mul(v128.load(attended + i * column, 16), shareB);
      v128.store(attended + i * column, a);
      v128.store(attended + i * column, b, 16);
      const weight = v128.load32_splat(direct + (i << 2));
      scoreA = multiplyAdd(weight, a, scoreA);
      scoreB = multiplyAdd(weight, b, scoreB);
    }
    spread(factorBias, length, factors);
    for (let i: usize = 0; i < length; i += 5) {
      multiply(
        factorMatrix + i * rowBytes,
        rowBytes,
        4,
        attended,
        attended + tile,
        factors + i * column,
      );
    }
    for (let i: usize = 0; i < length; i++) {
      const weight = v128.load32_splat(scoreWeights + (i << 2));
      const a = f32x4.mul(v128.load(own + i * column), v128.load(factors + i * column));
      const b = f32x4.mul(v128.load(own + i * column, 16), v128.load(factors + i * column, 16));
      scoreA = multiplyAdd(weight, a, scoreA);
      scoreB = multiplyAdd(weight, b, scoreB);
    }
    v128.store(scores + ((first as usize) << 2), scoreA);
    v128.store(scores + ((first as usize) << 2), scoreB, 16);
  }
}
