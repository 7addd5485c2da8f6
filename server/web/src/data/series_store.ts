// The course of several events: the hub's history, and behind it what comes live.

import { parseTime, type Datapoint } from '../messages';
import { longestSilence } from './freshness';
import type { LiveStore } from './live_store';
import type { SeriesPoint } from './rest';
import { Series } from './series';

export class SeriesStore {
  private readonly series = new Map<string, Series>();

  // `span`: what is older than that is forgotten (ms); Infinity keeps what fits into `mostPoints` per event.
  constructor(
    private readonly live: LiveStore,
    private readonly mostPoints: number,
    private readonly span = Infinity,
  ) {}

  of(id: string): Series {
    let found = this.series.get(id);
    if (!found) {
      found = new Series(this.mostPoints);
      this.series.set(id, found);
    }
    found.longestSilence = longestSilence(this.live.events.get(id));
    return found;
  }

  // Keeps only these.
  select(ids: string[]): void {
    const wanted = new Set(ids);
    for (const id of [...this.series.keys()]) if (!wanted.has(id)) this.series.delete(id);
    for (const id of ids) this.of(id);
  }

  // `known`: of other events nothing is kept.
  add(points: Datapoint[], known: boolean): void {
    for (const point of points) {
      const id = point.event_public_id;
      if (known && !this.series.has(id)) continue;
      const time = parseTime(point.timestamp);
      const series = this.of(id);
      series.add(time, point.value ?? NaN);
      if (this.span !== Infinity) series.trimBefore(time - this.span);
    }
  }

  // Those whose points at `time` may be extremes of longer intervals.
  condensedAt(time: number): string[] {
    return [...this.series].filter(([, { condensedUntil, resolution }]) => time <= condensedUntil && resolution > 0).map(([id]) => id);
  }

  // The hub's answer for [from, to] at `resolution` ms. With `all`, what was there before `from` goes, too.
  setHistory(id: string, points: SeriesPoint[], from: number, to: number, resolution: number, all: boolean): void {
    const times = points.map((point) => parseTime(point.timestamp));
    const values = points.map((point) => point.value ?? NaN);
    const series = this.of(id);
    if (all) series.condensedUntil = -Infinity;
    series.replace(all ? -Infinity : from, to, times, values, resolution);
  }
}
