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
  private left = 0; // the edges, as they were asked for
  private right = 0;
  first = new Float64Array(0);
  last = new Float64Array(0);
  least = new Float64Array(0);
  greatest = new Float64Array(0);
  firstTime = new Float64Array(0);
  lastTime = new Float64Array(0);
  heldTo = new Float64Array(0); // until when the last value holds where no point follows that ends it; else NaN
  points = new Int32Array(0); // how many good ones; 0: the other arrays hold nothing there
  broken = new Uint8Array(0); // 1: data is missing before the first point of the column
  lowest = Infinity; // of what is shown between the edges; above `highest` when nothing is
  highest = -Infinity;
  lastGood = -1; // the column of the newest good point
  endsGood = false; // the newest point is good, and was not followed by a mark or a silence
  freshTo = NaN; // until when the newest point is no older than its event may be silent; NaN unless it ends good

  // `count`: of the columns that fit between `from` and `to`. `now`: nothing is known beyond it. `holds`: a value holds
  // until the next point, or until the silence is a gap.
  make(series: Series, from: number, to: number, count: number, now: number, holds: boolean): void {
    this.clear(from, to, count);
    const { times, values, length, longestSilence } = series;
    const begin = Math.max(0, lowerBound(times, length, this.from + this.width) - 1);
    const end = Math.min(length, lowerBound(times, length, this.from + (this.count - 1) * this.width) + 1);
    let broken = true;
    for (let i = begin; i < end; i += 1) {
      const value = values[i]!;
      if (i > begin && series.gapBefore(i)) {
        if (!broken && holds) this.heldTo[this.lastGood] = times[i - 1]! + longestSilence;
        broken = true;
      }
      if (Number.isNaN(value)) {
        if (!broken && holds) this.heldTo[this.lastGood] = times[i]!;
        broken = true;
        continue;
      }
      this.put(times[i]!, value, broken);
      broken = false;
    }
    if (!broken) this.end(end < length, times[end - 1]!, now, longestSilence, holds);
    this.includeWhatEnters(holds);
  }

  private clear(from: number, to: number, within: number): void {
    const count = within + 3; // the outermost of those within may stand half outside
    if (count !== this.count) {
      this.count = count;
      for (const name of ['first', 'last', 'least', 'greatest', 'firstTime', 'lastTime', 'heldTo'] as const) {
        this[name] = new Float64Array(count);
      }
      this.points = new Int32Array(count);
      this.broken = new Uint8Array(count);
    } else {
      this.points.fill(0);
      this.broken.fill(0);
    }
    this.heldTo.fill(NaN);
    this.left = from;
    this.right = to;
    this.width = Math.round(1000 * (to - from)) / 1000 / within; // to the microsecond: the same in each drawing
    this.from = (Math.floor(from / this.width) - 1) * this.width;
    this.lowest = Infinity;
    this.highest = -Infinity;
    this.lastGood = -1;
    this.endsGood = false;
    this.freshTo = NaN;
  }

  private put(time: number, value: number, broken: boolean): void {
    const at = Math.min(this.count - 1, Math.max(0, Math.floor((time - this.from) / this.width)));
    if (this.points[at] === 0) {
      this.first[at] = this.last[at] = this.least[at] = this.greatest[at] = value;
      this.firstTime[at] = this.lastTime[at] = time;
      this.broken[at] = broken ? 1 : 0;
    } else {
      this.last[at] = value;
      this.heldTo[at] = NaN;
      this.lastTime[at] = time;
      if (value < this.least[at]!) this.least[at] = value;
      if (value > this.greatest[at]!) this.greatest[at] = value;
    }
    this.points[at]! += 1;
    this.lastGood = at;
    // A point on an edge may be rounded into the column beyond it.
    const isOnPlot = (time >= this.left && time <= this.right) || (at > 0 && at < this.count - 1);
    if (isOnPlot) this.include(value);
  }

  // What becomes of the last run of good points. `more`: points follow beyond the right edge.
  private end(more: boolean, newest: number, now: number, longestSilence: number, holds: boolean): void {
    this.endsGood = more || now - newest <= longestSilence;
    if (more) return;
    const until = Math.max(newest, Math.min(now, newest + longestSilence));
    if (holds) this.heldTo[this.lastGood] = until;
    if (this.endsGood) this.freshTo = until;
  }

  // The value that holds at the left edge, and a line that only passes through, are shown, too.
  private includeWhatEnters(holds: boolean): void {
    const right = this.count - 1;
    if (this.points[0] === 0) return;
    const left = this.from + this.width;
    const alone = this.lastGood === 0;
    const held = this.heldTo[0]!;
    if (holds ? !alone && Number.isNaN(held) || held > left : alone && this.freshTo > left) this.include(this.last[0]!);
    if (holds || this.lowest <= this.highest || this.points[right] === 0 || this.broken[right]) return;
    this.include(this.last[0]!);
    this.include(this.first[right]!);
  }

  private include(value: number): void {
    if (value < this.lowest) this.lowest = value;
    if (value > this.highest) this.highest = value;
  }
}
