import type { RotaryScaling, RotarySpec } from './rotary-spec.js';

const { fround } = Math;

/**
 * Angle per position of each pair of rotated numbers, θ^(−2i/size) and its scalings. Every step is rounded
 * to float32 as in PyTorch: models were trained with these roundings, and at high positions they show.
 *
 * @param spec the rotary table
 * @param sequenceLength largest position of the current call + 1 (matters to `dynamic` and `longrope`)
 * @returns `[size / 2]`
 */
export function inverseFrequencies(spec: RotarySpec, sequenceLength: number): Float32Array {
  const { size, scaling } = spec;
  const base = fround(scaledBase(spec, sequenceLength));
  const powers = Float32Array.from({ length: size / 2 }, (_, i) => base ** fround((2 * i) / size));
  const plain = powers.map((power) => 1 / power);
  switch (scaling.kind) {
    case 'linear':
      return plain.map((frequency) => frequency / scaling.factor);
    case 'llama3':
      return plain.map((frequency) => llama3Frequency(frequency, scaling));
    case 'yarn':
      return yarnFrequencies(powers, spec, scaling);
    case 'longrope': {
      const long = sequenceLength > scaling.trainedPositions;
      const factors = long ? scaling.longFactors : scaling.shortFactors;
      return powers.map((power, i) => 1 / fround(fround(factors[i]!) * power));
    }
    default:
      return plain;
  }
}

/** Factor on cos and sin, which scales the attention logits by its square (YaRN, LongRoPE). */
export function rotaryAttentionFactor(scaling: RotaryScaling): number {
  return scaling.kind === 'yarn' || scaling.kind === 'longrope' ? scaling.attentionFactor : 1;
}

/** NTK-aware scaling changes the base, so that high frequencies stay and low ones stretch. */
function scaledBase({ base, size, scaling }: RotarySpec, sequenceLength: number): number {
  const exponent = size / (size - 2);
  if (scaling.kind === 'ntk') {
    return base * (scaling.alpha * scaling.factor - (scaling.alpha - 1)) ** exponent;
  }
  if (scaling.kind === 'dynamic') {
    const { factor, trainedPositions } = scaling;
    const length = Math.max(sequenceLength, trainedPositions);
    const growth = fround((factor * length) / trainedPositions - (factor - 1));
    return base * fround(growth ** exponent);
  }
  return base;
}

/** In PyTorch a number over a tensor is the number times the tensor's reciprocal, each rounded to float32. */
function over(number: number, divisor: number): number {
  return fround(fround(number) * fround(1 / divisor));
}

function llama3Frequency(
  frequency: number,
  scaling: Extract<RotaryScaling, { kind: 'llama3' }>,
): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, trainedPositions } = scaling;
  const wavelength = over(2 * Math.PI, frequency);
  if (wavelength > trainedPositions / lowFrequencyFactor) return frequency / factor;
  if (wavelength < trainedPositions / highFrequencyFactor) return frequency;
  const range = highFrequencyFactor - lowFrequencyFactor;
  const rotations = over(trainedPositions, wavelength);
  const kept = fround(fround(rotations - lowFrequencyFactor) / range);
  const stretched = fround(fround(fround(1 - kept) * frequency) / factor);
  return fround(stretched + fround(kept * frequency));
}

/** Frequencies that turn more than betaFast times in training stay; below betaSlow they stretch. */
function yarnFrequencies(
  powers: Float32Array,
  { base, size }: RotarySpec,
  scaling: Extract<RotaryScaling, { kind: 'yarn' }>,
): Float32Array {
  const { factor, trainedPositions, betaFast, betaSlow, truncate } = scaling;
  /** Index of the frequency that makes `rotations` turns over the trained positions. */
  const indexOf = (rotations: number) =>
    (size * Math.log(trainedPositions / (rotations * 2 * Math.PI))) / (2 * Math.log(base));
  const first = indexOf(betaFast);
  const last = indexOf(betaSlow);
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, size - 1);
  const width = high === low ? 0.001 : high - low;
  return powers.map((power, i) => {
    const kept = fround(1 - fround(Math.min(Math.max((i - low) / width, 0), 1)));
    const stretched = fround(1 / fround(factor * power));
    return fround(stretched * fround(1 - kept)) + fround(fround(1 / power) * kept);
  });
}
