// The cursor on the plot: what the curves show at its time, in the line above the plot, in the table and as dots.

import type { SeriesStore } from '../data/series_store';
import { fill, h, setText } from '../ui/dom';
import { formatMoment, formatTime, utc } from '../ui/format';
import type { Workspace } from '../workspace';
import { valueAt, type Legend } from './legend';
import { annotationsNear } from './overlays';
import type { Plot } from './plot';

const REACH = 6; // CSS pixels, from the cursor to an annotation

export class Cursor {
  readonly element = h('p', { class: 'cursor-time' });

  constructor(
    private readonly workspace: Workspace,
    private readonly store: SeriesStore,
    private readonly plot: Plot,
    private readonly legend: Legend,
  ) {}

  // [left, right] is what the plot shows, in ms since 1970; `follow`: until now.
  show(left: number, right: number, follow: boolean): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    const at = uplot.cursor.left ?? -1;
    const time = at >= 0 ? uplot.posToVal(at, 'x') : null;
    this.legend.show(time, (id) => this.store.of(id), (id) => this.plot.columns.get(id));
    this.plot.mark(time, (id) => valueAt(this.store.of(id), time!, this.plot.columns.get(id)?.width ?? 0));
    if (time === null) {
      setText(this.element, `${formatTime(left)} – ${follow ? 'now' : formatMoment(right)}`);
      this.element.title = `${utc(left)} – ${utc(right)}`;
      return;
    }
    const near = annotationsNear(uplot, this.workspace.experiments.list, at, REACH);
    fill(this.element, h('strong', {}, formatTime(time)), h('span', { class: 'quiet' }, utc(time)),
      near.length > 0 && h('span', {}, near.map((annotation) => annotation.text).join(' · ')));
  }

  // From where it stands, or from the right edge.
  move(pixels: number): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    const width = uplot.over.clientWidth;
    const left = uplot.cursor.left !== undefined && uplot.cursor.left >= 0 ? uplot.cursor.left : width;
    uplot.setCursor({ left: Math.max(0, Math.min(width - 1, left + pixels)), top: uplot.over.clientHeight / 2 });
  }
}
