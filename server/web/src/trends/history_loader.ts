// Asks the hub for what the plot shows: with a quarter of a width more on either side while one looks around, in one request
// at a time, the newest wish first.

import type { SeriesStore } from '../data/series_store';
import type { Workspace } from '../workspace';

const SETTLE_MS = 150; // while the view still moves
const AGAIN_MS = 5000; // after a failure
const LATE_MS = 600; // for what comes late: more of it may follow

const MARGIN = 0.25;
const POINTS_PER_COLUMN = 4; // two of the hub's intervals, so that none of our columns holds only a least or a greatest
const MOST_POINTS = 4000; // the hub's bound

export interface Wish {
  events: string[];
  from: number;
  to: number;
  columns: number;
}

export class HistoryLoader {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wish = 0;
  private loaded = { events: '', from: NaN, to: NaN, span: NaN };

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
    const { events, from, to } = this.current();
    const { loaded } = this;
    const fine = (to - from) / loaded.span;
    const within = from >= loaded.from && Math.min(to, this.workspace.clock.now()) <= loaded.to;
    if (events.join() === loaded.events && within && fine > 0.7 && fine < 1.5) return;
    this.later(SETTLE_MS);
  }

  again(): void {
    this.loaded.events = '';
    this.later(LATE_MS);
  }

  // What was fetched, and followed since, reaches until now.
  followed(now: number): void {
    if (this.loaded.to > now - 60_000) this.loaded.to = Math.max(this.loaded.to, now);
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), ms);
  }

  private async load(): Promise<void> {
    const { events, from, to, columns } = this.current();
    const wish = ++this.wish;
    if (events.length === 0) return;
    const span = to - from;
    const begin = from - span * MARGIN;
    const end = Math.min(to + span * MARGIN, this.workspace.clock.now() + 60_000);
    const most = Math.min(MOST_POINTS, POINTS_PER_COLUMN * columns * Math.max(1, (end - begin) / span));
    try {
      const answer = await this.workspace.rest.series(events, begin, end, most);
      if (wish !== this.wish) return;
      for (const id of events) this.store.setHistory(id, answer.get(id) ?? [], begin, end, (2 * (end - begin)) / most, true);
      this.loaded = { events: events.join(), from: begin, to: end, span };
      this.done('');
    } catch (error) {
      if (wish !== this.wish) return;
      this.later(AGAIN_MS);
      this.done(`History could not be fetched: ${error instanceof Error ? error.message : ''}`);
    }
  }
}
