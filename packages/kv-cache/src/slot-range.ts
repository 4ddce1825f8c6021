/** The ascending slots `from … to − 1`. */
export function slotRange(from: number, to: number): Uint32Array {
  const slots = new Uint32Array(Math.max(0, to - from));
  for (let i = 0; i < slots.length; i++) slots[i] = from + i;
  return slots;
}
