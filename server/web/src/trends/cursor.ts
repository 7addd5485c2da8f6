// The cursor on the plot: what the curves show at its time, in the line above the plot, in the table and as dots.

import { readAt, type ReadOut } from '../data/readout';
import type { SeriesStore } from '../data/series_store';
import { fill, h, setText } from '../ui/dom';
import { formatInstant, formatMoment, formatTime, utc } from '../ui/instant';
import type { Workspace } from '../workspace';
import type { Curve } from './curve';
import { ExactPoints } from './exact_points';
import type { Legend } from './legend';
import { annotationsNear } from './overlays';
import type { Plot } from './plot';

const REACH = 6; // CSS pixels, from the cursor to an annotation

export class Cursor {
  readonly element = h('p', { class: 'cursor-time' });
  private readonly exact: ExactPoints;

  // `changed`: what is known at the cursor's place is finer now.
  constructor(
    private readonly workspace: Workspace,
    private readonly store: SeriesStore,
    private readonly plot: Plot,
    private readonly legend: Legend,
    changed: () => void,
  ) {
    this.exact = new ExactPoints(workspace, store, changed);
  }

  dispose(): void {
    this.exact.dispose();
  }

  // What is stored changed.
  forget(): void {
    this.exact.forget();
  }

  // [left, right] is what the plot shows, in ms since 1970; `follow`: until now.
  show(left: number, right: number, follow: boolean): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    const at = uplot.cursor.left ?? -1;
    const time = at >= 0 ? uplot.posToVal(at, 'x') : null;
    this.exact.wanted(time);
    const resolution = (right - left) / this.plot.pixels;
    this.legend.show(time !== null, resolution, (curve) => ({
      columns: this.plot.columns.get(curve.id), span: this.plot.spanOf(curve.id), read: time === null ? null : this.read(curve, time),
    }));
    // What holds is marked at the cursor, a point where it is.
    this.plot.mark((curve) => {
      const read = time === null ? null : this.read(curve, time);
      return read && curve.holds ? { ...read, time: time! } : read;
    });
    if (time === null) {
      setText(this.element, `${formatTime(left)} – ${follow ? 'now' : formatMoment(right)}`);
      this.element.title = `${utc(left)} – ${utc(right)}`;
      return;
    }
    const near = annotationsNear(uplot, this.workspace.experiments.list, at, REACH);
    fill(this.element, h('strong', {}, formatInstant(time, resolution)), h('span', { class: 'quiet' }, utc(resolution < 1 ? time : Math.round(time))),
      near.length > 0 && h('span', {}, near.map((annotation) => annotation.text).join(' · ')));
  }

  // From where it stands, or from the right edge.
  move(pixels: number): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    const width = uplot.over.clientWidth;
    const left = uplot.cursor.left !== undefined && uplot.cursor.left >= 0 ? uplot.cursor.left : width;
    this.place(left + pixels);
  }

  // CSS pixels from the plot's left edge.
  place(left: number): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    uplot.setCursor({ left: Math.max(0, Math.min(uplot.over.clientWidth - 1, left)), top: uplot.over.clientHeight / 2 });
  }

  private read(curve: Curve, time: number): ReadOut | null {
    const series = this.exact.of(curve, time) ?? this.store.of(curve.id);
    return readAt(series, time, curve.holds, this.workspace.clock.now(), this.plot.columns.get(curve.id)?.width ?? 0);
  }
}
