// Where digital signals stand on the plot: a lane each, at the bottom, below all other curves.

const HEIGHT = 26; // CSS pixels of a lane
const TALLEST = 64; // where nothing else is plotted
const MOST_SHARE = 0.5; // of the plot's height, beside other curves
const USED = 0.62; // of a lane's height, by the signal

export interface Lane {
  off: number; // the pixel row of "off"
  on: number;
}

// How much of a plot of `height` pixels the lanes take: 0 … 1.
export function laneShare(count: number, alone: boolean, height: number): number {
  if (count === 0 || height <= 0) return 0;
  return Math.min(alone ? 1 : MOST_SHARE, (count * (alone ? TALLEST : HEIGHT)) / height);
}

// The lane of the `index`-th of `count` signals; `top` and `height` are the plot's, in the pixels that are asked for.
export function laneOf(index: number, count: number, share: number, top: number, height: number): Lane {
  const each = (share * height) / count;
  const bottom = top + height - (count - 1 - index) * each;
  const margin = (each * (1 - USED)) / 2;
  return { off: bottom - margin, on: bottom - each + margin };
}
