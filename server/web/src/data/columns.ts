// A series as a plot of a certain width can show it: per column of pixels the first, the last, the least and the
// greatest value. So every spike is drawn, and drawing costs the same however many points there are. Columns begin at
// multiples of their width, so that a point stays with its neighbours while the plot moves. One more on either side holds
// the nearest point beyond the edge: lines enter and leave the plot.

import { lowerBound } from './search';
import type { Series } from './series';

export class Columns {
  count = 0; // with the two beyond the edges
  from = 0; // ms since 1970; where the first of them begins
  width = 1; // ms per column
  first = new Float64Array(0);
  last = new Float64Array(0);
  least = new Float64Array(0);
  greatest = new Float64Array(0);
  firstTime = new Float64Array(0);
  lastTime = new Float64Array(0);
  points = new Int32Array(0); // how many good ones; 0: the other arrays hold nothing there
  broken = new Uint8Array(0); // 1: data is missing before the first point of the column
  lowest = Infinity; // of all columns but the two beyond the edges, or of those when nothing is between them
  highest = -Infinity;
  lastGood = -1; // the column of the newest good point
  endsGood = false; // the newest point is good and not followed by a mark

  // `count`: of the columns that fit between `from` and `to`. `now`: what is silent until then for too long has ended.
  make(series: Series, from: number, to: number, count: number, now: number): void {
    this.clear(from, to, count);
    const { times, values, length } = series;
    const begin = Math.max(0, lowerBound(times, length, this.from + this.width) - 1);
    const end = Math.min(length, lowerBound(times, length, this.from + (this.count - 1) * this.width) + 1);
    let broken = true;
    for (let i = begin; i < end; i += 1) {
      const value = values[i]!;
      if (i > begin && series.gapBefore(i)) broken = true;
      if (Number.isNaN(value)) {
        broken = true;
        continue;
      }
      this.put(times[i]!, value, broken);
      broken = false;
    }
    if (this.lowest > this.highest) this.includeEdges();
    this.endsGood = !broken && (end < length || now - times[length - 1]! <= series.longestSilence);
  }

  private clear(from: number, to: number, within: number): void {
    const count = within + 3; // the outermost of those within may stand half outside
    if (count !== this.count) {
      this.count = count;
      for (const name of ['first', 'last', 'least', 'greatest', 'firstTime', 'lastTime'] as const) {
        this[name] = new Float64Array(count);
      }
      this.points = new Int32Array(count);
      this.broken = new Uint8Array(count);
    } else {
      this.points.fill(0);
      this.broken.fill(0);
    }
    this.width = Math.round(1000 * (to - from)) / 1000 / within; // to the microsecond: the same in each drawing
    this.from = (Math.floor(from / this.width) - 1) * this.width;
    this.lowest = Infinity;
    this.highest = -Infinity;
    this.lastGood = -1;
  }

  private put(time: number, value: number, broken: boolean): void {
    const at = Math.min(this.count - 1, Math.max(0, Math.floor((time - this.from) / this.width)));
    if (this.points[at] === 0) {
      this.first[at] = this.last[at] = this.least[at] = this.greatest[at] = value;
      this.firstTime[at] = this.lastTime[at] = time;
      this.broken[at] = broken ? 1 : 0;
    } else {
      this.last[at] = value;
      this.lastTime[at] = time;
      if (value < this.least[at]!) this.least[at] = value;
      if (value > this.greatest[at]!) this.greatest[at] = value;
    }
    this.points[at]! += 1;
    this.lastGood = at;
    if (at === 0 || at === this.count - 1) return;
    if (value < this.lowest) this.lowest = value;
    if (value > this.highest) this.highest = value;
  }
  private includeEdges(): void {
    for (const at of [0, this.count - 1]) {
      if (this.points[at] === 0) continue;
      this.lowest = Math.min(this.lowest, this.least[at]!);
      this.highest = Math.max(this.highest, this.greatest[at]!);
    }
  }
}
