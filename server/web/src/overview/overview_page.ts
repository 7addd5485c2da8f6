// Every event as a tile, grouped by rig and device.

import { devicePresence } from '../data/rig_state';
import type { Workspace } from '../workspace';
import { fill, h, setText, show } from '../ui/dom';
import type { Page } from '../ui/page';
import type { Route } from '../ui/route';
import { EventFilter } from './event_filter';
import { RigHeading, type Troubles } from './rig_heading';
import { Tile } from './tile';
import { TilePainter } from './tile_painter';

export class OverviewPage implements Page {
  readonly title = 'Overview';
  readonly element: HTMLElement;
  private readonly rigs = h('div', { class: 'rigs' });
  private readonly empty = h('p', { class: 'empty', hidden: true });
  private readonly filter = new EventFilter();
  private readonly problem = h('p', { class: 'notice', role: 'alert', hidden: true });
  private readonly announcer = h('p', { class: 'visually-hidden', role: 'status' });
  private readonly tiles = new Map<string, Tile>();
  private readonly headings: RigHeading[] = [];
  private readonly troubles = new Map<string | null, Troubles>(); // by rig
  private readonly deviceErrors = new Map<string, HTMLElement>();
  private readonly painter: TilePainter;
  private readonly tileOf = new WeakMap<Element, Tile>();
  private readonly endings: (() => void)[] = [];
  private readonly watcher: IntersectionObserver;
  private readonly sizes: ResizeObserver;

  constructor(private readonly workspace: Workspace) {
    const { live } = workspace;
    this.painter = new TilePainter(workspace, this.tiles, () => this.showHowTheyAre());
    this.element = h('div', { class: 'overview' },
      h('h1', { class: 'visually-hidden' }, 'Overview'),
      this.filter.element, this.problem,
      this.empty, this.rigs, this.announcer);
    this.watcher = new IntersectionObserver((entries) => this.onVisible(entries), { rootMargin: '100px' });
    this.sizes = new ResizeObserver((entries) => this.onResize(entries));
    this.endings.push(
      this.filter.changed.subscribe(() => this.applyFilter()),
      live.layoutChanged.subscribe(() => this.layOut()),
      live.controllersChanged.subscribe(() => this.showRigs()),
      live.pointsCame.subscribe((points) => this.painter.valuesCame(points)),
      workspace.stateChanged.subscribe(() => this.painter.paintAll()),
      workspace.recentLoaded.subscribe(() => this.painter.drawCourses()),
    );
    this.layOut();
  }

  update(route: Route): void {
    this.filter.enter(route.query);
    this.painter.paintAll();
  }

  dispose(): void {
    for (const end of this.endings) end();
    this.filter.dispose();
    this.painter.dispose();
    this.watcher.disconnect();
    this.sizes.disconnect();
  }

  // ---- layout: when an event or a rig is new

  private layOut(): void {
    const { live } = this.workspace;
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.painter.forget();
    this.tiles.clear();
    this.headings.length = 0;
    this.deviceErrors.clear();
    const groups = new Map<string | null, Map<string | null, string[]>>();
    for (const id of live.ids()) {
      const event = live.events.get(id);
      const devices = entry(groups, event?.controller ?? null, () => new Map<string | null, string[]>());
      entry(devices, event?.device ?? null, () => []).push(id);
    }
    const names = [...groups.keys()].sort(byName);
    fill(this.rigs, ...names.map((name) => this.rigSection(name, groups.get(name)!)));
    this.painter.paintAll();
  }

  private rigSection(name: string | null, devices: Map<string | null, string[]>): HTMLElement {
    const heading = new RigHeading(name);
    this.headings.push(heading);
    const section = h('section', { class: 'rig', 'aria-label': name ?? 'Not described by any rig' }, heading.element);
    for (const device of [...devices.keys()].sort(byName)) {
      const list = h('ul', { class: 'tiles' });
      for (const id of devices.get(device)!) {
        const tile = new Tile(id, this.workspace.live.events.get(id));
        this.tiles.set(id, tile);
        this.tileOf.set(tile.element, tile);
        this.tileOf.set(tile.sparkline.element, tile);
        this.watcher.observe(tile.element);
        this.sizes.observe(tile.sparkline.element);
        list.append(tile.element);
      }
      const error = h('span', { class: 'fact', 'data-kind': 'offline' });
      this.deviceErrors.set(JSON.stringify([name, device]), error);
      section.append(h('div', { class: 'device' }, device !== null && h('h3', {}, device, error), list));
    }
    return section;
  }

  private onVisible(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) this.painter.see(this.tileOf.get(target)!, isIntersecting);
  }

  private onResize(entries: ResizeObserverEntry[]): void {
    for (const { target, contentRect } of entries) {
      this.tileOf.get(target)!.sparkline.resize(contentRect.width, contentRect.height);
    }
    this.painter.drawCourses();
  }

  // ---- what changes

  private showRigs(): void {
    const { live, clock } = this.workspace;
    for (const heading of this.headings) {
      const troubles = this.troubles.get(heading.name) ?? { bad: 0, stale: 0 };
      heading.show(live.controllers.get(heading.name ?? ''), live.hubIsThere, troubles, clock.now());
    }
    for (const [key, element] of this.deviceErrors) {
      const [rig, device] = JSON.parse(key) as [string | null, string | null];
      const controller = live.controllers.get(rig ?? '');
      const state = controller?.devices?.find((known) => known.name === device);
      const gone = controller && state && devicePresence(state, controller, live.hubIsThere) === 'offline';
      const text = gone ? `device offline${state.error ? `: ${state.error}` : ''}` : '';
      setText(element, text);
      show(element, text !== '');
    }
  }

  private showHowTheyAre(): void {
    const { live } = this.workspace;
    const counts = { all: 0, bad: 0, stale: 0 };
    this.troubles.clear();
    for (const tile of this.tiles.values()) {
      counts.all += 1;
      const quality = live.quality(tile.id);
      if (quality !== 'bad' && quality !== 'stale') continue;
      counts[quality] += 1;
      entry(this.troubles, tile.event?.controller ?? null, () => ({ bad: 0, stale: 0 }))[quality] += 1;
    }
    this.filter.count(counts);
    if (counts.all > 0) setText(this.announcer, this.summary(counts.bad, counts.stale));
    this.showRigs();
    this.applyFilter();
  }

  private summary(bad: number, stale: number): string {
    if (!this.workspace.live.hubIsThere) return 'Nothing is known while the hub is away.';
    return bad + stale === 0 ? 'All events are good.' : `${bad} bad, ${stale} stale.`;
  }

  private applyFilter(): void {
    let shown = 0;
    for (const tile of this.tiles.values()) {
      const name = `${tile.event?.name ?? ''} ${tile.id} ${tile.event?.unit ?? ''}`;
      const fits = this.filter.fits(name, this.workspace.live.quality(tile.id));
      show(tile.element, fits);
      if (fits) shown += 1;
    }
    this.rigs.dataset.filtered = String(this.filter.filters);
    setText(this.problem, this.filter.problem);
    show(this.problem, this.filter.problem !== '');
    show(this.empty, shown === 0);
    setText(this.empty, this.emptyText(this.filter.filters));
  }

  private emptyText(filtered: boolean): string {
    if (this.tiles.size > 0 && filtered) return 'No event fits the filter.';
    const { state } = this.workspace;
    return state === 'live' || state === 'polling' ? 'No datapoint has been stored yet.' : 'Waiting for the hub…';
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    map.set(key, found);
  }
  return found;
}

// What has no name comes last.
function byName(a: string | null, b: string | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a.localeCompare(b, undefined, { numeric: true });
}
