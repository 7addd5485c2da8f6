// Several events over time: followed live, or an interval of the past.

import { SeriesStore } from '../data/series_store';
import { parseTime, type Backfill } from '../messages';
import { fill, h, setText, show } from '../ui/dom';
import { formatMoment, formatTime, utc } from '../ui/format';
import type { Page } from '../ui/page';
import type { Route } from '../ui/route';
import type { Workspace } from '../workspace';
import { onPlotKey, watchGestures, type Mover } from './gestures';
import { HistoryLoader } from './history_loader';
import { Legend, valueAt } from './legend';
import { annotationsNear } from './overlays';
import { Picker } from './picker';
import { Plot, type Curve } from './plot';
import { RangeBar } from './range_bar';
import { boundedSpan, parseView, viewQuery, MOST_EVENTS, type View } from './view';

const MOST_POINTS = 30_000; // per event; beyond it the older half is thinned
const REMEMBERED = 'webmacs.trends'; // the last view, for this tab
const FIRST_EVENTS = 3;
const QUICKEST_MS = 100;
const SLOWEST_MS = 1000;

export class TrendsPage implements Page {
  readonly title = 'Trends';
  readonly element: HTMLElement;
  private readonly store: SeriesStore;
  private readonly place = h('div', { class: 'plot', tabindex: 0, role: 'application', 'aria-roledescription': 'plot',
    'aria-label': 'Plot of the chosen events over time', 'aria-describedby': 'plot-help' });
  private readonly empty = h('p', { class: 'plot-empty', hidden: true }, 'Choose an event to plot.');
  private readonly cursorTime = h('p', { class: 'cursor-time' });
  private readonly note = h('p', { class: 'notice', role: 'status', hidden: true });
  private readonly plot: Plot;
  private readonly legend: Legend;
  private readonly picker: Picker;
  private readonly rangeBar: RangeBar;
  private readonly loader: HistoryLoader;
  private readonly sizes: ResizeObserver;
  private readonly endings: (() => void)[] = [];
  private readonly hidden = new Set<string>();
  private readonly colors = new Map<string, number>(); // an event keeps its colour while it is plotted
  private readonly scheme = matchMedia('(prefers-color-scheme: dark)');
  private view: View = parseView(new URLSearchParams());
  private undecided = true; // nobody has chosen an event yet
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
  private addressing: ReturnType<typeof setTimeout> | undefined;

  private readonly mover: Mover = {
    pan: (fraction) => this.look(this.view.span, this.right() + fraction * this.view.span),
    zoom: (factor, anchor) => this.zoom(factor, anchor),
    follow: () => this.setView({ ...this.view, follow: true }),
    moveCursor: (pixels) => this.moveCursor(pixels),
  };

  constructor(private readonly workspace: Workspace) {
    const { live } = workspace;
    this.store = new SeriesStore(live, MOST_POINTS);
    this.legend = new Legend(live, { onToggle: (id) => this.toggle(id), onRemove: (id) => this.choose(id, false) });
    this.picker = new Picker(live, (id, chosen) => this.choose(id, chosen));
    this.rangeBar = new RangeBar(this.mover, (span) => this.setView({ ...this.view, follow: true, span }),
      (from, to) => this.look(to - from, to, true));
    this.element = h('div', { class: 'trends' },
      h('h1', { class: 'visually-hidden' }, 'Trends'),
      this.rangeBar.element,
      h('div', { class: 'plot-card card' }, this.cursorTime, this.place, this.empty),
      h('p', { id: 'plot-help', class: 'visually-hidden' },
        'Arrow keys move, plus and minus zoom, Shift and arrow keys move the cursor whose values the table shows, F follows live data.'),
      h('div', { class: 'side' }, this.note, h('div', { class: 'card' }, this.legend.element),
        h('details', { class: 'card choose', open: matchMedia('(min-width: 64rem)').matches },
          h('summary', {}, 'Events'), this.picker.element)));
    this.plot = new Plot(this.place, this.store, {
      onSelect: (from, to) => this.look(to - from, to),
      onCursor: () => this.showCursor(),
    });
    this.loader = new HistoryLoader(workspace, this.store,
      () => ({ events: this.view.events, from: this.right() - this.view.span, to: this.right(), columns: this.plot.columnCount }),
      (problem) => this.onLoaded(problem));
    this.sizes = new ResizeObserver(([entry]) => this.onResize(entry!.contentRect));
    this.watch();
  }

  update(route: Route): void {
    if (![...route.query.keys()].length) route.query = new URLSearchParams(sessionStorage.getItem(REMEMBERED) ?? '');
    const view = parseView(route.query);
    this.setView(view);
  }

  dispose(): void {
    for (const end of this.endings) end();
    clearTimeout(this.drawing);
    clearTimeout(this.addressing);
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
    this.loader.dispose();
    this.plot.dispose();
    this.scheme.removeEventListener('change', this.recolor);
  }

  private watch(): void {
    const { live, experiments, historyChanged } = this.workspace;
    this.endings.push(
      live.pointsCame.subscribe((points) => this.store.add(points, true)),
      live.layoutChanged.subscribe(() => this.layOut()),
      historyChanged.subscribe((range) => this.onHistory(range)),
      experiments.changed.subscribe(() => this.drawNow()),
    );
    this.scheme.addEventListener('change', this.recolor);
    this.place.addEventListener('keydown', (event) => onPlotKey(event, this.mover));
    watchGestures(this.place, () => (this.plot.uplot?.over ?? this.place).getBoundingClientRect(), this.mover);
    this.sizes.observe(this.place);
    // What a curve is drawn from, for tests and the curious: document.querySelector('.plot').points('an_event')
    Object.assign(this.place, { points: (id: string) => this.store.of(id).points() });
  }

  // ---- the view

  private right(): number {
    return this.view.follow ? this.workspace.clock.now() : this.view.to;
  }

  // An interval of its own; one that reaches into the future follows again, unless it was asked for as it is.
  private look(span: number, to: number, exactly = false): void {
    const now = this.workspace.clock.now();
    const follow = !exactly && to >= now;
    this.setView({ ...this.view, follow, span: boundedSpan(span), to });
  }

  private zoom(factor: number, anchor: number): void {
    const right = this.right();
    const span = boundedSpan(this.view.span * factor);
    const to = right - (1 - anchor) * (this.view.span - span);
    // Zooming about the right edge of what is followed goes on following it.
    if (this.view.follow && anchor >= 0.5) this.setView({ ...this.view, span });
    else this.look(span, to);
  }

  private setView(view: View): void {
    this.view = view;
    if (view.events.length > 0) this.undecided = false;
    this.plot.forgetRanges();
    this.layOut();
    this.loader.needed();
    clearTimeout(this.addressing);
    this.addressing = setTimeout(() => {
      const query = viewQuery(this.view);
      history.replaceState(null, '', `#/trends?${query}`);
      if (!this.undecided) sessionStorage.setItem(REMEMBERED, query);
    }, 200);
  }

  private chooseFirst(): void {
    const { live } = this.workspace;
    this.view.events = live.ids().filter((id) => live.events.get(id)?.type === 'analog').slice(0, FIRST_EVENTS);
  }

  private choose(id: string, chosen: boolean): void {
    this.undecided = false;
    const others = this.view.events.filter((event) => event !== id);
    this.setView({ ...this.view, events: chosen ? [...others, id].slice(0, MOST_EVENTS) : others });
  }

  private toggle(id: string): void {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.layOut();
  }

  // ---- what is shown

  private layOut(): void {
    if (this.undecided) this.chooseFirst();
    this.store.select(this.view.events);
    const curves = this.view.events.map((id): Curve => ({
      id, event: this.workspace.live.events.get(id), color: this.colorOf(id), hidden: this.hidden.has(id),
    }));
    this.plot.setCurves(curves);
    this.legend.setCurves(curves);
    if (this.picker.element.dataset.shape !== this.shape()) this.picker.layOut(this.view.events);
    else this.picker.mark(this.view.events);
    this.picker.element.dataset.shape = this.shape();
    show(this.empty, curves.length === 0);
    this.loader.needed();
    this.drawNow();
  }

  private shape(): string {
    const { live } = this.workspace;
    return `${live.ids().length} ${live.events.size}`;
  }

  private colorOf(id: string): number {
    for (const known of [...this.colors.keys()]) if (!this.view.events.includes(known)) this.colors.delete(known);
    let color = this.colors.get(id);
    if (color === undefined) {
      const taken = new Set(this.colors.values());
      color = 0;
      while (taken.has(color)) color += 1;
      this.colors.set(id, color);
    }
    return color;
  }

  private readonly recolor = (): void => {
    this.plot.recolor();
    this.drawNow();
  };

  private onResize(box: DOMRectReadOnly): void {
    this.plot.resize(box.width, box.height);
    this.loader.needed();
    this.drawNow();
  }

  private onHistory(range: Backfill | null): void {
    if (range) {
      const seen = range.event_public_ids.some((id) => this.view.events.includes(id));
      if (!seen || parseTime(range.to) < this.right() - this.view.span || parseTime(range.from) > this.right()) return;
    }
    this.loader.again();
  }

  private onLoaded(problem: string): void {
    show(this.note, problem !== '');
    setText(this.note, problem);
    this.drawNow();
  }

  // ---- drawing: soon after a change, and while time goes on as often as it moves by a pixel

  private drawNow(): void {
    clearTimeout(this.drawing);
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const { clock, experiments } = this.workspace;
    const right = this.right();
    const now = clock.now();
    this.plot.setExperiments(experiments.list);
    this.plot.draw(right - this.view.span, right, now);
    this.rangeBar.show(this.view, right);
    this.showCursor();
    if (this.view.follow) this.loader.followed(now);
    const step = this.view.span / Math.max(200, this.plot.pixels);
    const pause = this.view.follow ? Math.min(SLOWEST_MS, Math.max(QUICKEST_MS, step)) : SLOWEST_MS;
    this.drawing = setTimeout(() => this.drawNow(), pause);
  }

  private showCursor(): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    const left = uplot.cursor.left ?? -1;
    const time = left >= 0 ? uplot.posToVal(left, 'x') : null;
    this.legend.show(time, (id) => this.store.of(id), (id) => this.plot.columns.get(id));
    this.plot.mark(time, (id) => valueAt(this.store.of(id), time!, this.plot.columns.get(id)?.width ?? 0));
    const right = this.right();
    if (time === null) {
      setText(this.cursorTime, `${formatTime(right - this.view.span)} – ${this.view.follow ? 'now' : formatMoment(right)}`);
      this.cursorTime.title = `${utc(right - this.view.span)} – ${utc(right)}`;
      return;
    }
    const near = annotationsNear(uplot, this.workspace.experiments.list, left, 6);
    fill(this.cursorTime, h('strong', {}, formatTime(time)), h('span', { class: 'quiet' }, utc(time)),
      near.length > 0 && h('span', {}, near.map((annotation) => annotation.text).join(' · ')));
  }

  private moveCursor(pixels: number): void {
    const uplot = this.plot.uplot;
    if (!uplot) return;
    const width = uplot.over.clientWidth;
    const left = uplot.cursor.left !== undefined && uplot.cursor.left >= 0 ? uplot.cursor.left : width;
    uplot.setCursor({ left: Math.max(0, Math.min(width - 1, left + pixels)), top: uplot.over.clientHeight / 2 });
  }
}
