// The plotted events as a table: value at the cursor (or now), least and greatest of what is shown.

import type { Columns } from '../data/columns';
import type { LiveStore } from '../data/live_store';
import type { ReadOut } from '../data/readout';
import { fill, h, setAttribute, setText, show } from '../ui/dom';
import { formatPlain, formatSpan, formatValue } from '../ui/format';
import { icon } from '../ui/icons';
import { formatInstant, utc } from '../ui/instant';
import { seriesVariable } from './colors';
import { isDigital, type Curve } from './curve';

export interface LegendHandlers {
  onToggle(id: string): void;
  onShape(id: string, steps: boolean): void;
  onRemove(id: string): void;
}

// What a row says of its curve.
export interface Shown {
  columns: Columns | undefined;
  span: number; // of the values that the plot's height shows
  read: ReadOut | null; // at the cursor
}

interface Row {
  curve: Curve;
  value: HTMLElement;
  unit: HTMLElement;
  time: HTMLElement;
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
      curve, value: h('span'), unit: h('span', { class: 'unit' }, curve.event?.unit ?? ''), time: h('span', { class: 'point-time' }),
      least: h('td', { class: 'num', 'data-name': 'Min' }), greatest: h('td', { class: 'num', 'data-name': 'Max' }),
    }));
    fill(this.body, ...this.rows.map((row) => this.row(row)));
  }

  // `atCursor`: else what is newest. `resolution`: ms of a pixel; finer than it can show no time is told.
  show(atCursor: boolean, resolution: number, of: (curve: Curve) => Shown): void {
    setText(this.valueHead, atCursor ? 'At cursor' : 'Now');
    for (const { curve, value, unit, time, least, greatest } of this.rows) {
      const { columns, span, read } = of(curve);
      const empty = !columns || columns.lowest > columns.highest;
      showNumber(least, curve, empty ? null : columns.lowest, span);
      showNumber(greatest, curve, empty ? null : columns.highest, span);
      const found = atCursor ? (read?.value ?? null) : this.newest(curve.id);
      showNumber(value, curve, found, span);
      setAttribute(value, 'class', typeof found === 'number' ? '' : 'no-value');
      show(unit, typeof found === 'number' && unit.textContent !== '');
      show(time, atCursor && read !== null);
      if (!atCursor || !read) continue;
      setText(time, formatInstant(read.time, resolution));
      setAttribute(time, 'title', utc(read.time));
    }
  }

  private newest(id: string): number | string | null {
    const latest = this.live.latest.get(id)?.point;
    switch (this.live.quality(id)) {
      case 'none':
        return null;
      case 'unknown':
        return 'not known now';
      case 'stale':
        return `stale ${formatSpan(this.live.age(id))}`;
      case 'bad':
        return `bad: ${latest?.reason ?? ''}`;
      case 'good':
        return latest?.value ?? null;
    }
  }

  private row({ curve, value, unit, time, least, greatest }: Row): HTMLElement {
    const { id, event, color, hidden } = curve;
    const name = event?.name || id;
    const toggle = h('button', {
      type: 'button', class: 'curve', 'aria-pressed': String(!hidden), title: hidden ? 'Show the curve' : 'Hide the curve',
      onclick: () => this.handlers.onToggle(id),
    }, h('span', { class: 'swatch', 'aria-hidden': 'true', 'data-dash': seriesDashName(color) }), h('span', {}, name));
    toggle.style.setProperty('--curve', seriesVariable(color));
    const remove = h('button', {
      type: 'button', class: 'icon-button', 'aria-label': `Remove ${name}`, title: 'Remove', onclick: () => this.handlers.onRemove(id),
    }, icon('close'));
    return h('tr', { 'data-event': id }, h('th', { scope: 'row' }, toggle),
      h('td', { class: 'num value' }, value, unit, time),
      least, greatest, h('td', { class: 'tools-cell' }, !isDigital(curve) && this.shapeButton(curve, name), remove));
  }

  private shapeButton({ id, holds }: Curve, name: string): HTMLElement {
    return h('button', {
      type: 'button', class: 'icon-button shape', 'aria-pressed': String(holds), 'aria-label': `Draw ${name} in steps`,
      title: holds ? 'Drawn in steps: each value holds until the next. Draw a line.' : 'Drawn as a line. Draw steps: each value holds until the next.',
      onclick: () => this.handlers.onShape(id, !holds),
    }, icon(holds ? 'steps' : 'line'));
  }
}

function showNumber(element: HTMLElement, { event }: Curve, found: number | string | null, span: number): void {
  setText(element, typeof found === 'number' ? formatValue(event, found, span) : (found ?? '—'));
  setAttribute(element, 'title', typeof found === 'number' ? formatPlain(found) : '');
}

function seriesDashName(color: number): string {
  return ['', 'long', 'short'][Math.floor(color / 10) % 3]!;
}
