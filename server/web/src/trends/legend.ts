// The plotted events as a table: value at the cursor (or now), least and greatest of what is shown.

import type { Columns } from '../data/columns';
import type { Series } from '../data/series';
import type { LiveStore } from '../data/live_store';
import { fill, h, setAttribute, setText } from '../ui/dom';
import { formatPlain, formatSpan, formatValue } from '../ui/format';
import { icon } from '../ui/icons';
import { seriesVariable } from './colors';
import type { Curve } from './curve';

export interface LegendHandlers {
  onToggle(id: string): void;
  onRemove(id: string): void;
}

interface Row {
  curve: Curve;
  value: HTMLElement;
  least: HTMLElement;
  greatest: HTMLElement;
}

export class Legend {
  readonly element: HTMLElement;
  private readonly body = h('tbody');
  private readonly valueHead = h('th', { scope: 'col', class: 'num' }, 'Now');
  private rows: Row[] = [];

  constructor(
    private readonly live: LiveStore,
    private readonly handlers: LegendHandlers,
  ) {
    this.element = h('table', { class: 'legend' },
      h('caption', { class: 'visually-hidden' }, 'Plotted events'),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Event'), this.valueHead,
        h('th', { scope: 'col', class: 'num' }, 'Min'), h('th', { scope: 'col', class: 'num' }, 'Max'),
        h('th', {}, h('span', { class: 'visually-hidden' }, 'Remove')))),
      this.body);
  }

  setCurves(curves: Curve[]): void {
    this.rows = curves.map((curve) => ({
      curve, value: h('span'), least: h('td', { class: 'num' }), greatest: h('td', { class: 'num' }),
    }));
    fill(this.body, ...this.rows.map((row) => this.row(row)));
  }

  // `cursor`: ms since 1970, or null for the newest values.
  show(cursor: number | null, seriesOf: (id: string) => Series, columnsOf: (id: string) => Columns | undefined): void {
    setText(this.valueHead, cursor === null ? 'Now' : 'At cursor');
    for (const { curve, value, least, greatest } of this.rows) {
      const { event, id } = curve;
      const columns = columnsOf(id);
      const empty = !columns || columns.lowest > columns.highest;
      setText(least, empty ? '—' : formatValue(event, columns.lowest));
      setText(greatest, empty ? '—' : formatValue(event, columns.highest));
      const found = cursor === null ? this.newest(id) : valueAt(seriesOf(id), cursor, columns?.width ?? 0);
      setText(value, typeof found === 'number' ? formatValue(event, found) : found);
      setAttribute(value, 'title', typeof found === 'number' ? formatPlain(found) : '');
      setAttribute(value, 'class', typeof found === 'number' ? '' : 'no-value');
    }
  }

  private newest(id: string): number | string {
    const quality = this.live.quality(id);
    const point = this.live.latest.get(id)?.point;
    if (quality === 'none') return '—';
    if (quality === 'stale') return `stale ${formatSpan(this.live.age(id))}`;
    return point?.value ?? `bad: ${point?.reason ?? ''}`;
  }

  private row({ curve, value, least, greatest }: Row): HTMLElement {
    const { id, event, color, hidden } = curve;
    const name = event?.name || id;
    const toggle = h('button', {
      type: 'button', class: 'curve', 'aria-pressed': String(!hidden), title: hidden ? 'Show the curve' : 'Hide the curve',
      onclick: () => this.handlers.onToggle(id),
    }, h('span', { class: 'swatch', 'aria-hidden': 'true' }), h('span', {}, name));
    toggle.style.setProperty('--curve', seriesVariable(color));
    const remove = h('button', {
      type: 'button', class: 'icon-button', 'aria-label': `Remove ${name}`, title: 'Remove', onclick: () => this.handlers.onRemove(id),
    }, icon('close'));
    return h('tr', { 'data-event': id }, h('th', { scope: 'row' }, toggle),
      h('td', { class: 'num value' }, value, event?.unit && h('span', { class: 'unit' }, event.unit)),
      least, greatest, h('td', {}, remove));
  }
}

// What the curve shows at that time: the nearest measured value, or nothing within a gap.
export function valueAt(series: Series, time: number, tolerance: number): number | string {
  const nearest = series.nearest(time);
  if (nearest < 0) return '—';
  const distance = time - series.times[nearest]!;
  const value = series.values[nearest]!;
  if (Math.abs(distance) > tolerance) {
    const after = distance > 0 ? nearest + 1 : nearest;
    const outside = after === 0 || after === series.length;
    if (outside || series.gapBefore(after) || Number.isNaN(series.values[after - 1]!)) return '—';
  }
  return Number.isNaN(value) ? '—' : value;
}
