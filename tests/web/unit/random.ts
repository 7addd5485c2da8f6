// Chance that can be had again: a test names its seed, and WEBMACS_SEED=… repeats it.

export const seed = Number(import.meta.env.WEBMACS_SEED);

// Numbers in [0, 1) (mulberry32).
export function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
