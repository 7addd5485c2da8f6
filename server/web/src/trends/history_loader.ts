// Asks the hub for what the plot shows: with a quarter of a width more on either side while one looks around, in one request
// at a time, the newest wish first.

import { withEdges } from '../data/edges';
import { longestSilence } from '../data/freshness';
import type { SeriesPoint } from '../data/rest';
import type { SeriesStore } from '../data/series_store';
import { parseTime } from '../messages';
import type { Workspace } from '../workspace';

const SETTLE_MS = 150; // while the view still moves; a click's is fetched at once
const AGAIN_MS = 5000; // after a failure
const LATE_MS = 600; // for what comes late: more of it may follow

const MARGIN = 0.25;
const POINTS_PER_COLUMN = 4; // two of the hub's intervals, so that none of our columns holds only a least or a greatest
const MOST_POINTS = 4000; // the hub's bound
const FEW_POINTS = 10; // the first and the last of an interval are always among them

type Answer = Map<string, SeriesPoint[]>;

export interface Wish {
  events: string[];
  from: number;
  to: number;
  columns: number;
}

export class HistoryLoader {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private movedAt = performance.now(); // the plot is not laid out yet
  private wish = 0;
  private loaded = { what: '', from: NaN, to: NaN, column: NaN };

  constructor(
    private readonly workspace: Workspace,
    private readonly store: SeriesStore,
    private readonly current: () => Wish,
    private readonly done: (problem: string) => void,
  ) {}

  dispose(): void {
    this.wish += 1;
    clearTimeout(this.timer);
  }

  // For a view that changed; nothing is asked when it was fetched finely enough. Followed data comes by itself.
  needed(): void {
    const { from, to, columns } = this.current();
    const fine = (to - from) / columns / this.loaded.column;
    const isCalm = performance.now() - this.movedAt > SETTLE_MS;
    this.movedAt = performance.now();
    if (this.hasAll && fine > 0.7 && fine < 1.5) return;
    this.later(isCalm ? 0 : SETTLE_MS);
  }

  // All that the view shows was fetched, however coarsely.
  get hasAll(): boolean {
    const { events, from, to } = this.current();
    const { loaded } = this;
    return this.what(events) === loaded.what && from >= loaded.from && Math.min(to, this.workspace.clock.now()) <= loaded.to;
  }

  again(): void {
    this.loaded.what = '';
    this.later(LATE_MS);
  }

  // What was fetched, and followed since, reaches until now.
  followed(now: number): void {
    if (this.loaded.to > now - 60_000) this.loaded.to = Math.max(this.loaded.to, now);
  }

  // The interval, and as much beyond its edges as may lie between two points, where that is more than the margin.
  private async fetch(events: string[], begin: number, end: number, most: number, margin: number): Promise<[Answer, Answer, Answer]> {
    const { rest, clock } = this.workspace;
    const sparse = events.filter((id) => this.silenceOf(id) > margin);
    const reach = Math.max(0, ...sparse.map((id) => this.silenceOf(id)));
    const nothing: Answer = new Map();
    return Promise.all([
      sparse.length > 0 ? rest.series(sparse, begin - reach, begin, FEW_POINTS) : nothing,
      rest.series(events, begin, end, most),
      sparse.length > 0 && end < clock.now() ? rest.series(sparse, end, end + reach, FEW_POINTS) : nothing,
    ]);
  }

  // How far beyond its edges an interval is fetched depends on how long an event may be silent, and that may be known later.
  private what(events: string[]): string {
    return events.map((id) => `${id} ${this.silenceOf(id)}`).join();
  }

  private silenceOf(id: string): number {
    return longestSilence(this.workspace.live.events.get(id));
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), ms);
  }

  private async load(): Promise<void> {
    const { events, from, to, columns } = this.current();
    const wish = ++this.wish;
    if (events.length === 0) return;
    const what = this.what(events);
    const span = to - from;
    const begin = from - span * MARGIN;
    const end = Math.min(to + span * MARGIN, this.workspace.clock.now() + 60_000);
    const most = Math.min(MOST_POINTS, POINTS_PER_COLUMN * columns * Math.max(1, (end - begin) / span));
    try {
      const [before, within, after] = await this.fetch(events, begin, end, most, span * MARGIN);
      if (wish !== this.wish) return;
      for (const id of events) {
        const points = withEdges(before.get(id) ?? [], within.get(id) ?? [], after.get(id) ?? [], this.silenceOf(id));
        const newest = points.length > 0 ? parseTime(points[points.length - 1]!.timestamp) : end;
        this.store.setHistory(id, points, begin, Math.max(end, newest), (2 * (end - begin)) / most, true);
      }
      this.loaded = { what, from: begin, to: end, column: span / columns };
      this.done('');
    } catch (error) {
      if (wish !== this.wish) return;
      this.later(AGAIN_MS);
      this.done(`History could not be fetched: ${error instanceof Error ? error.message : ''}`);
    }
  }
}
