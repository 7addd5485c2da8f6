// The range of a vertical axis: as wide as the data with some air. While data is followed it stays when it still fits,
// so that the plot does not breathe with every point.

const AIR = 0.08;
const LEAST_USE = 0.45; // of a kept range, by the data
const FINEST = 1e-11; // of the values' size: so close together doubles still differ from mark to mark
const MOST = Number.MAX_VALUE / 4; // the distance of two of them is still a number

export class SteadyRange {
  private kept: [number, number] | null = null;

  forget(): void {
    this.kept = null;
  }

  of(lowest: number, highest: number): [number, number] {
    if (lowest > highest) return this.kept ?? [0, 1];
    const span = highest - lowest;
    const size = Math.max(Math.abs(lowest), Math.abs(highest));
    const finest = size * FINEST;
    if (this.kept) {
      const [low, high] = this.kept;
      if (lowest >= low && highest <= high && (span >= LEAST_USE * (high - low) || span <= finest)) return this.kept;
    }
    const air = span > 0 ? Math.max(span * AIR, finest) : size * 0.05 || 1;
    this.kept = [Math.max(-MOST, lowest - air), Math.min(MOST, highest + air)];
    return this.kept;
  }
}
