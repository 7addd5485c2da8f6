// Several events over time: followed live, or an interval of the past.

import { holdsValue } from '../data/freshness';
import { SeriesStore } from '../data/series_store';
import { parseTime, type Backfill } from '../messages';
import { h, setText, show } from '../ui/dom';
import type { Page } from '../ui/page';
import type { Route } from '../ui/route';
import type { Workspace } from '../workspace';
import { AxisChoice } from './axis_choice';
import { Cursor } from './cursor';
import type { Curve } from './curve';
import { CurveColors } from './curve_colors';
import { onPlotKey, watchGestures, type Mover } from './gestures';
import { HistoryLoader } from './history_loader';
import { Legend } from './legend';
import { NoData } from './no_data';
import { Picker } from './picker';
import { Plot } from './plot';
import { RangeBar } from './range_bar';
import { RedrawClock } from './redraw_clock';
import { ViewState } from './view_state';

const MOST_POINTS = 30_000; // per event; beyond it the older half is thinned
const FIRST_EVENTS = 3;
const QUICKEST_MS = 100;
const SLOWEST_MS = 1000;

export class TrendsPage implements Page {
  readonly title = 'Trends';
  readonly element: HTMLElement;
  private readonly view: ViewState;
  private readonly store: SeriesStore;
  private readonly place = h('div', { class: 'plot', tabindex: 0, role: 'application', 'aria-roledescription': 'plot',
    'aria-label': 'Plot of the chosen events over time', 'aria-describedby': 'plot-help' });
  private readonly empty = h('p', { class: 'plot-empty', hidden: true }, 'Choose an event to plot.');
  private readonly problem = h('p', { class: 'notice', role: 'alert', hidden: true });
  private readonly note = h('p', { class: 'notice', role: 'status', hidden: true });
  private readonly plot: Plot;
  private readonly legend: Legend;
  private readonly cursor: Cursor;
  private readonly noData: NoData;
  private readonly picker: Picker;
  private readonly rangeBar: RangeBar;
  private readonly loader: HistoryLoader;
  private readonly redraw = new RedrawClock(() => this.draw());
  private readonly sizes: ResizeObserver;
  private readonly endings: (() => void)[] = [];
  private readonly hidden = new Set<string>();
  private readonly colors = new CurveColors();
  private readonly scheme = matchMedia('(prefers-color-scheme: dark)');

  constructor(private readonly workspace: Workspace) {
    const { live, clock } = workspace;
    this.view = new ViewState(clock);
    this.store = new SeriesStore(live, MOST_POINTS);
    const axisChoice = new AxisChoice(() => this.redraw.soon());
    this.plot = new Plot(this.place, this.store, axisChoice, {
      onSelect: (from, to) => this.view.look(to - from, to),
      onCursor: () => this.showCursor(),
    });
    this.legend = new Legend(live, { 
      onToggle: (id) => this.toggle(id),
      onShape: (id, steps) => this.view.shape(id, steps, holdsValue(live.events.get(id))),
      onRemove: (id) => this.view.choose(id, false),
    });
    this.cursor = new Cursor(workspace, this.store, this.plot, this.legend, () => this.redraw.soon());
    this.noData = new NoData(workspace, (time, side) => this.view.visit(time, side));
    this.picker = new Picker(live, (id, chosen) => this.view.choose(id, chosen));
    const mover: Mover = {
      pan: (fraction) => this.view.pan(fraction),
      zoom: (factor, anchor) => this.view.zoom(factor, anchor),
      follow: () => this.view.follow(),
      undo: () => this.view.undo(),
      moveCursor: (pixels) => this.cursor.move(pixels),
      placeCursor: (left) => this.cursor.place(left),
    };
    this.rangeBar = new RangeBar(mover, (span) => this.view.follow(span), (from, to) => this.view.look(to - from, to, true));
    this.loader = new HistoryLoader(workspace, this.store, () => ({
      events: this.view.current.events, from: this.view.left, to: this.view.right, columns: this.plot.columnCount,
    }), (problem) => this.onLoaded(problem));
    this.element = h('div', { class: 'trends' },
      h('h1', { class: 'visually-hidden' }, 'Trends'),
      this.rangeBar.element,
      h('div', { class: 'plot-card card' }, this.cursor.element, axisChoice.element, this.place, this.empty, this.noData.element),
      h('p', { id: 'plot-help', class: 'visually-hidden' },
        'Arrow keys move, plus and minus zoom, Shift and arrow keys move the cursor whose values the table shows, Backspace goes back to the time before, F follows live data.'),
      h('div', { class: 'side' }, this.problem, this.note, h('div', { class: 'card' }, this.legend.element),
        h('details', { class: 'card choose', open: matchMedia('(min-width: 64rem)').matches },
          h('summary', {}, 'Events'), this.picker.element)));
    this.sizes = new ResizeObserver(([entry]) => this.onResize(entry!.contentRect));
    this.watch(mover);
  }

  update(route: Route): void {
    this.view.enter(route.query);
  }

  dispose(): void {
    for (const end of this.endings) end();
    this.redraw.stop();
    this.view.leave();
    this.sizes.disconnect();
    this.loader.dispose();
    this.cursor.dispose();
    this.noData.dispose();
    this.plot.dispose();
    this.scheme.removeEventListener('change', this.recolor);
  }

  private watch(mover: Mover): void {
    const { live, experiments, historyChanged } = this.workspace;
    this.endings.push(
      live.pointsCame.subscribe((points) => this.store.add(points, true)),
      live.layoutChanged.subscribe(() => this.layOut()),
      historyChanged.subscribe((range) => this.onHistory(range)),
      experiments.changed.subscribe(() => this.redraw.soon()),
      this.view.changed.subscribe(() => this.onView()),
    );
    this.scheme.addEventListener('change', this.recolor);
    this.place.addEventListener('keydown', (event) => onPlotKey(event, mover));
    watchGestures(this.place, () => (this.plot.uplot?.over ?? this.place).getBoundingClientRect(), mover);
    this.sizes.observe(this.place);
    // What a curve is drawn from, for tests and the curious: document.querySelector('.plot').points('an_event')
    Object.assign(this.place, { points: (id: string) => this.store.of(id).points(), plot: this.plot });
  }

  // ---- what changes

  private onView(): void {
    this.plot.forgetRanges();
    this.layOut();
  }

  private toggle(id: string): void {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    this.layOut();
  }

  private readonly recolor = (): void => {
    this.plot.recolor();
    this.redraw.soon();
  };

  private onResize(box: DOMRectReadOnly): void {
    this.plot.resize(box.width, box.height);
    this.loader.needed();
    this.redraw.soon();
  }

  private onHistory(range: Backfill | null): void {
    if (range) {
      const seen = range.event_public_ids.some((id) => this.view.current.events.includes(id));
      if (!seen || parseTime(range.to) < this.view.left || parseTime(range.from) > this.view.right) return;
    }
    this.cursor.forget();
    this.loader.again();
  }

  private onLoaded(problem: string): void {
    show(this.note, problem !== '');
    setText(this.note, problem);
    this.redraw.soon();
  }

  // ---- what is shown

  private layOut(): void {
    if (this.view.undecided) this.view.guess(this.firstEvents());
    const { events } = this.view.current;
    this.store.select(events);
    this.colors.keep(events);
    const curves = events.map((id) => this.curve(id));
    this.plot.setCurves(curves);
    this.legend.setCurves(curves);
    this.picker.show(events);
    show(this.empty, curves.length === 0);
    this.showProblems();
    this.loader.needed();
    this.redraw.soon();
  }

  private showProblems(): void {
    const { events, latest } = this.workspace.live;
    const strange = events.size === 0 ? [] : this.view.current.events.filter((id) => !events.has(id) && !latest.has(id));
    const problems = [...this.view.problems, ...strange.map((id) => `The hub knows no event “${id}”.`)];
    show(this.problem, problems.length > 0);
    setText(this.problem, problems.join(' '));
  }

  private curve(id: string): Curve {
    const { steps, lines } = this.view.current;
    const event = this.workspace.live.events.get(id);
    const holds = steps.includes(id) || (holdsValue(event) && !lines.includes(id));
    return { id, event, color: this.colors.of(id), hidden: this.hidden.has(id), holds };
  }

  private firstEvents(): string[] {
    const { live } = this.workspace;
    return live.ids().filter((id) => live.events.get(id)?.type === 'analog').slice(0, FIRST_EVENTS);
  }

  // As often as time moves by a pixel.
  private draw(): number {
    const { current, left, right } = this.view;
    const now = this.workspace.clock.now();
    this.plot.setExperiments(this.workspace.experiments.list);
    this.plot.draw(left, right, now);
    this.rangeBar.show(current, right);
    this.showCursor();
    this.showNoData();
    if (!current.follow) return SLOWEST_MS;
    this.loader.followed(now);
    return Math.min(SLOWEST_MS, Math.max(QUICKEST_MS, current.span / Math.max(200, this.plot.pixels)));
  }

  private showNoData(): void {
    const { current, left, right } = this.view;
    const shown = current.events.filter((id) => !this.hidden.has(id));
    const isEmpty = (id: string): boolean => {
      const columns = this.plot.columns.get(id);
      return columns !== undefined && columns.lowest > columns.highest;
    };
    if (shown.length > 0 && this.loader.hasAll && shown.every(isEmpty)) this.noData.show(shown, left, right, current.follow);
    else this.noData.hide();
  }

  private showCursor(): void {
    const { current, left, right } = this.view;
    this.cursor.show(left, right, current.follow);
  }
}
