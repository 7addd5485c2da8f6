// The plot itself: uPlot's axes and cursor, our drawing. One vertical axis per unit.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { Columns } from '../data/columns';
import type { ReadOut } from '../data/readout';
import type { SeriesStore } from '../data/series_store';
import type { Experiment } from '../messages';
import { h, show } from '../ui/dom';
import { timeAxis, valueAxis } from './axes';
import type { AxisChoice } from './axis_choice';
import { readColors, seriesColor, type Colors } from './colors';
import { isDigital, LANES, scaleOf, type Curve } from './curve';
import { laneOf, laneShare } from './lanes';
import { drawExperiments, drawLabels } from './overlays';
import { paintCurves, type Place } from './paint';
import { SteadyRange } from './scales';

const COLUMN_WIDTH = 2; // CSS pixels
const MOST_COLUMNS = 1300; // a hub answers at most three times as many points
const NARROW = 640; // CSS pixels; fewer axes fit

export interface PlotHandlers {
  onSelect(from: number, to: number): void; // an interval was drawn with the pointer
  onCursor(): void;
}

export class Plot {
  uplot: uPlot | null = null;
  readonly columns = new Map<string, Columns>();
  private readonly ranges = new Map<string, SteadyRange>();
  private readonly dots: HTMLElement[] = [];
  private curves: Curve[] = [];
  private scales: string[] = []; // of the curves that are shown
  private colors: Colors | null = null; // read when the plot is on the page
  private experiments: Experiment[] = [];
  private now = 0;
  private times: number[] = []; // of the columns; kept from one drawing to the next
  private nothing: null[] = []; // uPlot's data: what is drawn comes from the columns
  private key = '';
  private width = 0;
  private height = 0;

  constructor(
    private readonly place: HTMLElement,
    private readonly store: SeriesStore,
    private readonly axisChoice: AxisChoice,
    private readonly handlers: PlotHandlers,
  ) {}

  dispose(): void {
    this.uplot?.destroy();
  }

  // The width of the data's area, about.
  get pixels(): number {
    return Math.max(100, this.width - 60);
  }

  get columnCount(): number {
    return Math.min(MOST_COLUMNS, Math.round(this.pixels / COLUMN_WIDTH));
  }

  resize(width: number, height: number): void {
    const rebuilt = width < NARROW !== this.width < NARROW;
    this.width = Math.floor(width);
    this.height = Math.floor(height);
    if (rebuilt) this.key = '';
    this.uplot?.setSize({ width: this.width, height: this.height });
  }

  recolor(): void {
    this.colors = null;
    this.key = '';
  }

  setCurves(curves: Curve[]): void {
    this.curves = curves;
  }

  setExperiments(experiments: Experiment[]): void {
    this.experiments = experiments;
  }

  // The vertical axes fit themselves anew.
  forgetRanges(): void {
    for (const range of this.ranges.values()) range.forget();
  }

  // Time in ms since 1970; `now` by the hub's clock.
  draw(from: number, to: number, now: number): void {
    if (this.width < 50 || this.height < 50) return;
    this.now = now;
    this.build();
    const count = this.columnCount;
    if (this.times.length !== count) {
      this.times = new Array<number>(count).fill(0);
      this.nothing = new Array<null>(count).fill(null);
    }
    for (let i = 0; i < count; i += 1) this.times[i] = from + ((i + 0.5) * (to - from)) / count;
    const data: uPlot.AlignedData = [this.times, ...this.curves.map(() => this.nothing)];
    for (const { id, holds } of this.curves) this.columns.get(id)!.make(this.store.of(id), from, to, count, now, holds);
    const plot = this.uplot!;
    plot.batch(() => {
      plot.setData(data, false);
      plot.setScale('x', { min: from, max: to });
      for (const scale of this.scales) {
        const [min, max] = this.rangeOf(scale);
        plot.setScale(scale, { min, max });
      }
    });
  }

  // uPlot is made anew when what it consists of changes; its data is not a part of that.
  private build(): void {
    this.colors ??= readColors(this.place);
    const scales = [...new Set(this.curves.filter((curve) => !curve.hidden).map(scaleOf))];
    const axes = this.axisChoice.of(scales.filter((scale) => scale !== LANES), this.width < NARROW);
    const key = JSON.stringify([axes, this.curves.map(({ id, event, color, hidden }) => [id, event?.name, event?.unit, event?.type, color, hidden])]);
    if (key === this.key && this.uplot) return;
    this.key = key;
    this.uplot?.destroy();
    this.columns.clear();
    for (const { id } of this.curves) this.columns.set(id, new Columns());
    for (const scale of scales) if (!this.ranges.has(scale)) this.ranges.set(scale, new SteadyRange());
    this.scales = scales;
    this.uplot = new uPlot(this.options(scales, axes, this.colors), [[]], this.place);
  }

  private options(scales: string[], axes: string[], colors: Colors): uPlot.Options {
    return {
      width: this.width,
      height: this.height,
      ms: 1,
      legend: { show: false },
      padding: [10, axes.length < 2 ? 14 : 4, 0, axes.length === 0 ? 14 : 4],
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { show: false },
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: true },
        ...Object.fromEntries(scales.map((scale) => [scale, { auto: false, range: (_plot, min, max) => [min, max] }])),
      },
      axes: [
        timeAxis(this.width < NARROW, colors),
        ...axes.map((scale, index) =>
          valueAxis(scale, this.curves, index, colors, () => (this.hasData(scale) ? this.share : null))),
      ],
      series: [
        {},
        ...this.curves.map((curve): uPlot.Series => ({
          scale: scaleOf(curve),
          show: !curve.hidden,
          points: { show: false },
          paths: () => null, // drawn by the hook below
        })),
      ],
      hooks: {
        drawClear: [(plot) => drawExperiments(plot, this.experiments, this.now, colors)],
        draw: [(plot) => this.paint(plot, colors)],
        setCursor: [() => this.handlers.onCursor()],
        setSelect: [(plot) => this.onSelect(plot)],
      },
    };
  }

  private paint(plot: uPlot, colors: Colors): void {
    paintCurves(plot, this.curves, this.columns, (curve) => this.placeOf(plot, curve), colors);
    drawLabels(plot, this.experiments, this.now, colors);
  }

  // Where a curve's values stand, in device pixels.
  private placeOf(plot: uPlot, curve: Curve): Place {
    const { top, height } = plot.bbox;
    if (isDigital(curve)) {
      const digital = this.curves.filter((other) => !other.hidden && isDigital(other));
      const { on, off } = laneOf(digital.indexOf(curve), digital.length, this.share, top, height);
      return { toY: (value) => (value > 0 ? on : off), span: 1, lane: { on, off } };
    }
    const { min = 0, max = 1 } = plot.scales[scaleOf(curve)]!;
    return { toY: (value) => top + (height * (max - value)) / (max - min), span: max - min, lane: null };
  }

  // The part of the plot that digital signals have, 0 … 1.
  private get share(): number {
    const shown = this.curves.filter((curve) => !curve.hidden);
    const digital = shown.filter(isDigital).length;
    const height = this.uplot ? this.uplot.bbox.height / devicePixelRatio : 0;
    return laneShare(digital, digital === shown.length, height || this.height - 60);
  }

  private hasData(scale: string): boolean {
    return this.curves.some((curve) => {
      const columns = this.columns.get(curve.id)!;
      return !curve.hidden && scaleOf(curve) === scale && columns.lowest <= columns.highest;
    });
  }

  private rangeOf(scale: string): [number, number] {
    if (scale === LANES) return [0, 1];
    let lowest = Infinity;
    let highest = -Infinity;
    for (const curve of this.curves) {
      if (curve.hidden || scaleOf(curve) !== scale) continue;
      const columns = this.columns.get(curve.id)!;
      lowest = Math.min(lowest, columns.lowest);
      highest = Math.max(highest, columns.highest);
    }
    if (lowest > highest) return [0, 1];
    const [low, high] = this.ranges.get(scale)!.of(lowest, highest);
    const { share } = this;
    return [low - ((high - low) * share) / (1 - share), high]; // above the lanes
  }

  // What of a curve's values is shown: the height of its scale.
  spanOf(id: string): number {
    const curve = this.curves.find((known) => known.id === id);
    const scale = curve && this.uplot?.scales[scaleOf(curve)];
    return scale ? (1 - this.share) * ((scale.max ?? 1) - (scale.min ?? 0)) : 0;
  }

  // A dot on each curve: where `readOf` says that a point is, at the cursor or beside it.
  mark(readOf: (curve: Curve) => ReadOut | null): void {
    const plot = this.uplot;
    if (!plot || !this.colors) return;
    while (this.dots.length < this.curves.length) this.dots.push(h('span', { class: 'cursor-dot', 'aria-hidden': 'true' }));
    for (const [index, dot] of this.dots.entries()) {
      const curve = this.curves[index];
      const read = curve && !curve.hidden ? readOf(curve) : null;
      show(dot, read !== null);
      if (!curve || !read) continue;
      if (dot.parentElement !== plot.over) plot.over.append(dot);
      dot.style.background = seriesColor(this.colors, curve.color);
      const y = (this.placeOf(plot, curve).toY(read.value) - plot.bbox.top) / devicePixelRatio;
      dot.style.transform = `translate(${plot.valToPos(read.time, 'x')}px, ${y}px)`;
    }
  }

  private onSelect(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.handlers.onSelect(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
  }
}
