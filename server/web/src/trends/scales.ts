// The range of a vertical axis: as wide as the data with some air. While data is followed it stays when it still fits,
// so that the plot does not breathe with every point.

const AIR = 0.08;
const LEAST_USE = 0.45; // of a kept range, by the data

export class SteadyRange {
  private kept: [number, number] | null = null;

  forget(): void {
    this.kept = null;
  }

  of(lowest: number, highest: number): [number, number] {
    if (lowest > highest) return this.kept ?? [0, 1];
    const span = highest - lowest;
    if (this.kept) {
      const [low, high] = this.kept;
      if (lowest >= low && highest <= high && (span >= LEAST_USE * (high - low) || span === 0)) return this.kept;
    }
    const air = span > 0 ? span * AIR : Math.abs(highest) * 0.05 || 1;
    this.kept = [lowest - air, highest + air];
    return this.kept;
  }
}
