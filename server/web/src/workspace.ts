// All that one token sees: the stream, the stores it feeds, and what is asked for beside it. Ends with the token.

import { ExperimentsStore } from './data/experiments_store';
import { HubClock } from './data/hub_clock';
import { LiveStore } from './data/live_store';
import { Rest } from './data/rest';
import { SeriesStore } from './data/series_store';
import { Signal } from './data/signal';
import { parseTime, type Backfill } from './messages';
import { DatapointStream, type ConnectionState } from './websocket';

export const RECENT_MS = 10 * 60_000; // of each event's course, for the tiles
const RECENT_POINTS = 8000; // per event; beyond it the older half is thinned
const RECENT_HISTORY_POINTS = 240;
const DESCRIBE_MS = 15_000;
const SETTLE_MS = 300; // so that a burst of reasons asks once

export class Workspace {
  readonly clock = new HubClock();
  readonly live = new LiveStore(this.clock);
  readonly recent = new SeriesStore(this.live, RECENT_POINTS, RECENT_MS);
  readonly rest: Rest;
  readonly experiments: ExperimentsStore;

  state: ConnectionState = 'connecting';
  readonly stateChanged = new Signal<string>(); // with the hub's reason when denied
  readonly historyChanged = new Signal<Backfill | null>(); // what was missed or came late is there now; null: anything
  readonly recentLoaded = new Signal();

  private readonly stream: DatapointStream;
  private describing: ReturnType<typeof setInterval> | undefined;
  private describingSoon: ReturnType<typeof setTimeout> | undefined;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(token: string) {
    this.rest = new Rest(token, () => this.onState('denied', 'Invalid or expired token'));
    this.experiments = new ExperimentsStore(this.rest);
    this.stream = new DatapointStream(token, {
      onState: (state, reason) => this.onState(state, reason),
      onDatapoints: (points) => {
        this.recent.add(points, false);
        this.live.addPoints(points);
        this.experiments.notice(points);
      },
      onBackfilled: (range) => this.onMissed(range),
      onStatus: (controller) => this.live.setController(controller),
      onHole: () => this.onMissed(null),
    });
    this.live.unknownCame.subscribe(() => this.describeSoon());
  }

  start(): void {
    addEventListener('online', this.tryNow);
    document.addEventListener('visibilitychange', this.tryNow);
    this.clock.start();
    this.stream.start();
    this.describing = setInterval(() => void this.describe(), DESCRIBE_MS);
  }

  stop(): void {
    this.stopped = true;
    removeEventListener('online', this.tryNow);
    document.removeEventListener('visibilitychange', this.tryNow);
    clearInterval(this.describing);
    clearTimeout(this.describingSoon);
    clearTimeout(this.settling);
    this.clock.stop();
    this.stream.stop();
  }

  // What the events are, how their controllers are, which experiments there are.
  async describe(): Promise<void> {
    if (this.hasEnded() || document.hidden) return;
    const known = this.live.events.size;
    try {
      const [events, controllers] = await Promise.all([this.rest.events(), this.rest.controllers()]);
      if (this.hasEnded()) return;
      this.live.setControllers(controllers);
      this.live.setEvents(events);
    } catch {
      return; // The connection's state says what is wrong; the next try is soon.
    }
    await this.experiments.load();
    if (this.live.events.size > known) await this.loadRecent();
  }

  private hasEnded(): boolean {
    return this.stopped;
  }

  private describeSoon(): void {
    clearTimeout(this.describingSoon);
    this.describingSoon = setTimeout(() => void this.describe(), SETTLE_MS);
  }

  private readonly tryNow = (): void => {
    if (document.hidden) return;
    this.stream.tryNow();
    this.describeSoon();
  };

  private onState(state: ConnectionState, reason: string): void {
    if (this.stopped) return;
    this.state = state;
    this.live.hubIsThere = state === 'live' || state === 'polling';
    if (state === 'denied') this.stop();
    this.stateChanged.emit(reason);
    if (state === 'live' || state === 'polling') this.describeSoon();
  }

  // The plots ask the hub for what they show; so does this for the tiles when it concerns their time.
  private onMissed(range: Backfill | null): void {
    this.historyChanged.emit(range);
    if (range && parseTime(range.to) < this.clock.now() - RECENT_MS) return;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => void this.loadRecent(), SETTLE_MS);
  }

  private async loadRecent(): Promise<void> {
    const to = this.clock.now();
    const from = to - RECENT_MS;
    try {
      const answer = await this.rest.series(this.live.ids(), from, to, RECENT_HISTORY_POINTS);
      if (this.hasEnded()) return;
      const resolution = (2 * RECENT_MS) / RECENT_HISTORY_POINTS;
      for (const [id, points] of answer) this.recent.setHistory(id, points, from, to, resolution, false);
      this.recentLoaded.emit();
    } catch {
      return; // The sparklines fill with what comes.
    }
  }
}
