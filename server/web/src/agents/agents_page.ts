// Who sends: each controller, its devices, and what is wrong with them.

import { devicePresence, presenceOf, type Presence } from '../data/rig_state';
import { parseTime, type Controller, type DeviceState } from '../messages';
import { fill, h, setText, show } from '../ui/dom';
import { formatCount, formatSeconds, formatSpan } from '../ui/format';
import { icon } from '../ui/icons';
import type { Page } from '../ui/page';
import { moment } from '../ui/time';
import type { Workspace } from '../workspace';
import { RecordCard } from './record_card';

const CLOCK_S = 1;
const SOON_MS = 10_000; // after which "seen" is said with a time

export class AgentsPage implements Page {
  readonly title = 'Agents';
  readonly element: HTMLElement;
  private readonly list = h('div', { class: 'agent-list' });
  private readonly empty = h('p', { class: 'empty' }, 'No agent has connected yet.');
  private readonly record: RecordCard;
  private readonly endings: (() => void)[];
  private readonly timer: ReturnType<typeof setInterval>;
  private shown = '';
  private ages: { element: HTMLElement; time: number }[] = [];

  constructor(private readonly workspace: Workspace) {
    this.record = new RecordCard(workspace);
    this.element = h('div', { class: 'agents' }, h('div', { class: 'toolbar' }, h('h1', {}, 'Agents')), this.empty, this.list,
      this.record.element);
    this.endings = [
      workspace.live.controllersChanged.subscribe(() => this.update()),
      workspace.stateChanged.subscribe(() => this.update()),
    ];
    this.timer = setInterval(() => this.tick(), 1000);
  }

  update(): void {
    const controllers = [...this.workspace.live.controllers.values()].sort((a, b) => a.name.localeCompare(b.name));
    const { hubIsThere } = this.workspace.live;
    const key = JSON.stringify([controllers, hubIsThere]);
    if (key === this.shown) return;
    this.shown = key;
    this.ages = [];
    fill(this.list, ...controllers.map((controller) => this.card(controller)));
    show(this.empty, controllers.length === 0);
    this.tick();
  }

  dispose(): void {
    for (const end of this.endings) end();
    clearInterval(this.timer);
    this.record.dispose();
  }

  private tick(): void {
    const now = this.workspace.clock.now();
    for (const { element, time } of this.ages) {
      setText(element, now - time < SOON_MS ? ' (just now)' : ` (${formatSpan(now - time)} ago)`);
    }
  }

  private card(controller: Controller): HTMLElement {
    const { backlog, dropped, clock_offset: offset } = controller;
    const presence = presenceOf(controller, this.workspace.live.hubIsThere);
    const clockOff = Math.abs(offset ?? 0) > CLOCK_S;
    return h('section', { class: 'card agent', 'data-presence': presence, 'aria-label': controller.name },
      h('header', {}, h('h2', {}, controller.name),
        stateBadge(presence)),
      h('dl', {},
        ...fact('Last seen', this.lastSeen(controller)),
        ...fact('Agent', [controller.agent, controller.version].filter(Boolean).join(' ') || 'has not reported'),
        ...fact('Backlog', backlog == null ? '—' : `${formatCount(backlog)} readings`, Boolean(backlog)),
        ...fact('Dropped', dropped == null ? '—' : `${formatCount(dropped)} readings`, Boolean(dropped)),
        ...fact('Clock', clockText(offset), clockOff)),
      this.devices(controller));
  }

  private lastSeen({ last_seen: seen }: Controller): Node | string {
    if (!seen) return 'never';
    const time = parseTime(seen);
    const age = h('span', { class: 'quiet' });
    this.ages.push({ element: age, time });
    return h('span', {}, moment(time, true), age);
  }

  private devices(controller: Controller): HTMLElement {
    const devices = controller.devices ?? [];
    const stateOf = (device: DeviceState): Presence => devicePresence(device, controller, this.workspace.live.hubIsThere);
    if (devices.length === 0) return h('p', { class: 'quiet' }, 'It has named no device.');
    return h('table', { class: 'list' }, h('caption', { class: 'visually-hidden' }, 'Devices'),
      h('thead', {}, h('tr', {}, ...['Device', 'State', 'Error'].map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, ...devices.map((device) => h('tr', {},
        h('th', { scope: 'row' }, device.name),
        h('td', {}, stateBadge(stateOf(device))),
        h('td', {}, whatToKnow(device, stateOf(device)))))));
  }
}

function whatToKnow(device: DeviceState, presence: Presence): string {
  if (presence === 'offline') return device.error ?? '';
  return presence === 'online' ? device.advice ?? '' : '';
}

function stateBadge(presence: Presence): HTMLElement {
  const texts = { online: 'Online', offline: 'Offline', unknown: 'Unknown' };
  return h('span', { class: 'badge', 'data-kind': presence }, presence === 'offline' && icon('offline'), texts[presence]);
}

function clockText(offset: number | null | undefined): string {
  if (offset == null) return '—';
  if (Math.abs(offset) <= CLOCK_S) return `right to ${formatSeconds(Math.abs(offset))}`;
  return `${formatSpan(Math.abs(offset) * 1000)} ${offset > 0 ? 'ahead of' : 'behind'} the hub’s`;
}

function fact(name: string, value: Node | string, warning = false): HTMLElement[] {
  return [h('dt', {}, name), h('dd', { 'data-kind': warning ? 'warning' : null }, value)];
}
