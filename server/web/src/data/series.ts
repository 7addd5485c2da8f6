// One event's course: points in the order of time, in flat arrays that grow to a bound. NaN marks where good data ends
// (a bad datapoint, or a gap that the hub told). Silences are found when columns are made, by the time between points.

import { lowerBound } from './search';

const FIRST_CAPACITY = 256;
const THINNED_BY = 8; // so many points become their extremes when the bound is reached

export class Series {
  times = new Float64Array(FIRST_CAPACITY); // ms since 1970
  values = new Float64Array(FIRST_CAPACITY);
  length = 0;
  // Until then the points are extremes of longer intervals, and their distance says nothing about gaps.
  condensedUntil = -Infinity;
  resolution = 0; // ms; how far apart they may be there
  longestSilence = 30_000; // ms; what is farther apart is a gap

  constructor(private readonly mostPoints: number) {}

  // A time that is there keeps its first value, as in the hub.
  add(time: number, value: number): void {
    const last = this.length === 0 ? -Infinity : this.times[this.length - 1]!;
    if (time > last) {
      this.reserve(this.length + 1);
      this.times[this.length] = time;
      this.values[this.length] = value;
      this.length += 1;
      if (this.length > this.mostPoints) this.thinOldestHalf();
      return;
    }
    const at = lowerBound(this.times, this.length, time);
    if (this.times[at] === time) return;
    this.splice(at, at, [time], [value]);
  }

  // What the hub has of [from, to]. Newer points than it knew of stay.
  replace(from: number, to: number, times: number[], values: number[], resolution: number): void {
    const newest = times.length > 0 ? times[times.length - 1]! : -Infinity;
    const first = lowerBound(this.times, this.length, from);
    const knownUntil = lowerBound(this.times, this.length, Math.min(to, Math.max(newest, from)));
    const end = this.times[knownUntil] === newest ? knownUntil + 1 : knownUntil;
    this.splice(first, Math.max(first, end), times, values);
    this.condensedUntil = Math.max(this.condensedUntil, newest);
    this.resolution = Math.max(resolution, this.condensedUntil > newest ? this.resolution : 0);
  }

  clear(): void {
    this.length = 0;
    this.condensedUntil = -Infinity;
    this.resolution = 0;
  }

  // Forgets what is older, now and then.
  trimBefore(time: number): void {
    const first = lowerBound(this.times, this.length, time);
    if (first < FIRST_CAPACITY || first < this.length / 4) return;
    this.splice(0, first, [], []);
  }

  // [time, value or null where good data ends], a copy.
  points(): [number, number | null][] {
    return Array.from({ length: this.length }, (_, i) => [this.times[i]!, Number.isNaN(this.values[i]!) ? null : this.values[i]!]);
  }

  // The index of the point whose time is nearest; -1 when there is none.
  nearest(time: number): number {
    if (this.length === 0) return -1;
    const at = lowerBound(this.times, this.length, time);
    if (at === 0) return 0;
    if (at === this.length) return at - 1;
    return this.times[at]! - time < time - this.times[at - 1]! ? at : at - 1;
  }

  private splice(first: number, end: number, times: number[], values: number[]): void {
    const length = this.length - (end - first) + times.length;
    this.reserve(length);
    this.times.copyWithin(first + times.length, end, this.length);
    this.values.copyWithin(first + times.length, end, this.length);
    this.times.set(times, first);
    this.values.set(values, first);
    this.length = length;
  }

  private reserve(length: number): void {
    if (length <= this.times.length) return;
    const capacity = Math.max(length, 2 * this.times.length);
    const times = new Float64Array(capacity);
    const values = new Float64Array(capacity);
    times.set(this.times.subarray(0, this.length));
    values.set(this.values.subarray(0, this.length));
    this.times = times;
    this.values = values;
  }

  // Whether good data is missing between this point and the one before it. Marks (NaN) tell it of themselves.
  gapBefore(index: number): boolean {
    if (index === 0) return true;
    const before = this.times[index - 1]!;
    const time = this.times[index]!;
    if (time <= this.condensedUntil) return false;
    const silence = before <= this.condensedUntil ? Math.max(this.longestSilence, 2 * this.resolution) : this.longestSilence;
    return time - before > silence;
  }

  // Keeps the least and the greatest of every few points, and each mark where good data ends: no spike is lost.
  private thinOldestHalf(): void {
    const half = this.length >> 1;
    const times: number[] = [];
    const values: number[] = [];
    const keep = (index: number): void => {
      times.push(this.times[index]!);
      values.push(this.values[index]!);
    };
    for (let i = 0; i < half; ) {
      if (i > 0 && this.gapBefore(i)) {
        times.push((this.times[i - 1]! + this.times[i]!) / 2);
        values.push(NaN);
      }
      if (Number.isNaN(this.values[i]!)) {
        keep(i);
        i += 1;
        continue;
      }
      let least = i;
      let greatest = i;
      const first = i;
      do {
        if (this.values[i]! < this.values[least]!) least = i;
        if (this.values[i]! > this.values[greatest]!) greatest = i;
        i += 1;
      } while (i < Math.min(half, first + THINNED_BY) && !Number.isNaN(this.values[i]!) && !this.gapBefore(i));
      keep(Math.min(least, greatest));
      if (least !== greatest) keep(Math.max(least, greatest));
    }
    const until = this.times[half - 1]!;
    this.resolution = Math.max(this.resolution, (2 * THINNED_BY * (until - this.times[0]!)) / half);
    this.splice(0, half, times, values);
    this.condensedUntil = Math.max(this.condensedUntil, until);
  }
}
