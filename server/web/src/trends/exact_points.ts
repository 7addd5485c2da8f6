// The points around the cursor as they were stored, where the plot's own are extremes of longer intervals: asked of the
// hub once the cursor rests, in narrower and narrower intervals until all points of one fit into an answer.

import { Series } from '../data/series';
import { SeriesStore } from '../data/series_store';
import type { Workspace } from '../workspace';
import type { Curve } from './curve';

const REST_MS = 200;
const MOST_POINTS = 4000; // the hub's bound
const FEW = 500; // in an answer that is no selection
const MOST_REQUESTS = 4;

export class ExactPoints {
  private readonly near: SeriesStore;
  private around = { from: NaN, to: NaN };
  private resting: ReturnType<typeof setTimeout> | undefined;
  private wish = NaN; // the cursor's time

  constructor(
    private readonly workspace: Workspace,
    private readonly store: SeriesStore,
    private readonly changed: () => void,
  ) {
    this.near = new SeriesStore(workspace.live, MOST_POINTS);
  }

  dispose(): void {
    this.wanted(null);
  }

  // What is stored changed.
  forget(): void {
    this.around = { from: NaN, to: NaN };
    this.wish = NaN;
  }

  // The cursor is there, in ms since 1970; null: it is nowhere.
  wanted(time: number | null): void {
    if (time === null || time !== this.wish) clearTimeout(this.resting);
    if (time === null) {
      this.wish = NaN;
      return;
    }
    if (time === this.wish || (time > this.around.from && time < this.around.to)) return;
    this.wish = time;
    this.resting = setTimeout(() => void this.fetch(time), REST_MS);
  }

  // All points from before `time` until after it; null where those are not here.
  of(curve: Curve, time: number): Series | null {
    if (!(time > this.around.from && time < this.around.to)) return null;
    const series = this.near.of(curve.id);
    const { times, length } = series;
    const reaches = length > 0 && times[0]! <= time && (curve.holds || times[length - 1]! > time);
    return reaches ? series : null;
  }

  private async fetch(time: number): Promise<void> {
    const ids = this.store.condensedAt(time);
    let half = Math.max(0, ...ids.map((id) => this.store.of(id).resolution));
    try {
      for (let requests = 0; half > 0.001 && requests < MOST_REQUESTS; requests += 1) {
        const [from, to] = [time - half, time + half];
        const answer = await this.workspace.rest.series(ids, from, to, MOST_POINTS);
        if (this.wish !== time) return;
        const most = Math.max(0, ...[...answer.values()].map((points) => points.length));
        if (most <= FEW || requests === MOST_REQUESTS - 1) return this.keep(ids, from, to, answer);
        half = (8 * half) / MOST_POINTS;
      }
    } catch {
      return; // the plot's own points are shown
    }
  }

  private keep(ids: string[], from: number, to: number, answer: Awaited<ReturnType<Workspace['rest']['series']>>): void {
    this.near.select([]);
    for (const id of ids) this.near.setHistory(id, answer.get(id) ?? [], from, to, 0, true);
    this.around = { from, to };
    this.changed();
  }
}
