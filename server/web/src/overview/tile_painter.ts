// When tiles are painted: those that are seen in the next frame after a change; where values keep changing, a few times a
// second, all in one frame. Unseen ones now and then, so that what one scrolls to is never old. A hidden page paints nothing.

import { holdsValue } from '../data/freshness';
import type { Datapoint } from '../messages';
import type { Workspace } from '../workspace';
import type { Tile } from './tile';

const BEAT_MS = 250; // digits that change faster cannot be read
const FRAME_MS = 16;
const ROUND = 2; // beats; ages, and what is stale meanwhile
const COURSE = 8; // beats until each course is drawn again: it moves by a pixel meanwhile
const UNSEEN = 16; // beats
const COURSE_SPAN_MS = 5 * 60_000;

export class TilePainter {
  private readonly seen = new Set<Tile>();
  private readonly changed = new Set<Tile>();
  private readonly urgent = new Set<Tile>(); // of those: how they are is another now, or the state that they show
  private beat = 0;
  private beatAt = -Infinity; // as frames are stamped
  private wroteAt = -Infinity; // values that changed
  private pause: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;

  // `onRound`: any event may be stale meanwhile.
  constructor(
    private readonly workspace: Workspace,
    private readonly tiles: ReadonlyMap<string, Tile>,
    private readonly onRound: () => void,
  ) {
    this.later(BEAT_MS);
  }

  dispose(): void {
    clearTimeout(this.pause);
    cancelAnimationFrame(this.frame);
  }

  // The tiles are others now; nobody has seen any of them yet.
  forget(): void {
    for (const kind of [this.seen, this.changed, this.urgent]) kind.clear();
  }

  // Whether the tile is on the screen, or about to be.
  see(tile: Tile, isSeen: boolean): void {
    if (!isSeen) {
      this.seen.delete(tile);
      return;
    }
    this.seen.add(tile);
    this.paint(tile);
    this.drawCourse(tile);
  }

  valuesCame(points: Datapoint[]): void {
    for (const { event_public_id: id, value } of points) {
      const tile = this.tiles.get(id);
      if (!tile || !this.seen.has(tile)) continue;
      this.changed.add(tile);
      const isOther = this.workspace.live.quality(id) !== tile.state || (holdsValue(tile.event) && value !== tile.shownValue);
      if (isOther) this.urgent.add(tile);
    }
    const isCalm = performance.now() - this.wroteAt >= BEAT_MS;
    if (this.urgent.size > 0 || (isCalm && this.changed.size > 0)) this.soon();
  }

  // Seen or not, now.
  paintAll(): void {
    for (const tile of this.tiles.values()) this.paint(tile);
    this.onRound();
  }

  drawCourses(): void {
    for (const tile of this.seen) this.drawCourse(tile);
  }

  // In the next frame: a wish that is repeated does not move it.
  private soon(): void {
    clearTimeout(this.pause);
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.onFrame(now));
  }

  private later(ms: number): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.soon(), ms);
  }

  private onFrame(now: number): void {
    this.frame = 0;
    const isBeat = now - this.beatAt > BEAT_MS - FRAME_MS;
    this.later(isBeat ? BEAT_MS : this.beatAt + BEAT_MS - now);
    this.writeChanged(now, isBeat || now - this.wroteAt >= BEAT_MS);
    if (!isBeat) return;
    this.beatAt = now;
    this.beat = (this.beat + 1) % UNSEEN;
    if (this.beat % ROUND === 0) this.paintRound(this.beat === 0);
    let index = 0;
    for (const tile of this.seen) {
      index += 1;
      if (index % COURSE === this.beat % COURSE) this.drawCourse(tile);
    }
  }

  private writeChanged(now: number, all: boolean): void {
    if (all && this.changed.size > 0) this.wroteAt = now;
    for (const tile of all ? this.changed : this.urgent) {
      tile.show(this.workspace.live);
      this.changed.delete(tile);
    }
    this.urgent.clear();
  }

  private paintRound(all: boolean): void {
    const { live } = this.workspace;
    for (const tile of this.tiles.values()) {
      if (all || this.seen.has(tile) || tile.state !== live.quality(tile.id)) this.paint(tile);
    }
    this.onRound();
  }

  private paint(tile: Tile): void {
    tile.show(this.workspace.live);
    tile.showTitles();
  }

  private drawCourse(tile: Tile): void {
    const now = this.workspace.clock.now();
    tile.sparkline.draw(this.workspace.recent.of(tile.id), now - COURSE_SPAN_MS, now, holdsValue(tile.event));
  }
}
