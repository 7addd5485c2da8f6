// All experiments, and the one that the address names.

import type { Experiment } from '../messages';
import { fill, h, setText, show } from '../ui/dom';
import { formatElapsed } from '../ui/format';
import { icon } from '../ui/icons';
import type { Page } from '../ui/page';
import type { Route } from '../ui/route';
import { moment } from '../ui/time';
import type { Workspace } from '../workspace';
import { ExperimentDetail } from './experiment_detail';
import { startDialog } from './experiment_dialogs';

const SHOWN_AT_ONCE = 50;
const HEADS = ['Experiment', 'Started', 'Duration', 'Rigs', 'Annotations'];

export class ExperimentsPage implements Page {
  readonly title = 'Experiments';
  readonly element: HTMLElement;
  private readonly start: HTMLButtonElement;
  private readonly mayLook = h('p', { class: 'quiet', hidden: true },
    'This token may look and export. An operator’s token may also start, annotate, change and delete.');
  private readonly notice = h('p', { class: 'empty', role: 'status' });
  private readonly body = h('tbody');
  private readonly table: HTMLElement;
  private readonly more: HTMLButtonElement;
  private readonly place = h('div', { class: 'detail' });
  private readonly endings: (() => void)[];
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly clocks: { element: HTMLElement; started: number }[] = [];
  private detail: ExperimentDetail | null = null;
  private id = '';
  private shown = '';
  private most = SHOWN_AT_ONCE;

  constructor(private readonly workspace: Workspace) {
    const open = (experiment: Experiment): void => void (location.hash = addressOf(experiment));
    this.start = h('button', { type: 'button', class: 'primary', onclick: () => startDialog(workspace, open) },
      icon('plus'), 'Start an experiment');
    this.more = h('button', { type: 'button', onclick: () => this.showMore() }, 'Show more');
    this.table = h('div', { class: 'card table-card' },
      h('table', { class: 'list' },
        h('caption', { class: 'visually-hidden' }, 'Experiments, newest first'),
        h('thead', {}, h('tr', {}, ...HEADS.map((name) => h('th', { scope: 'col' }, name)))),
        this.body),
      this.more);
    this.element = h('div', { class: 'experiments' },
      h('div', { class: 'toolbar' }, h('h1', {}, 'Experiments'), this.start, this.mayLook),
      this.notice, h('div', { class: 'columns' }, this.place, this.table));
    this.endings = [workspace.experiments.changed.subscribe(() => this.render())];
    this.timer = setInterval(() => this.tick(), 1000);
    void workspace.experiments.load();
  }

  update(route: Route): void {
    if (route.id !== this.id) this.detail = null;
    this.id = route.id;
    this.shown = '';
    this.render();
  }

  dispose(): void {
    for (const end of this.endings) end();
    clearInterval(this.timer);
  }

  private showMore(): void {
    this.most += SHOWN_AT_ONCE;
    this.render();
  }

  private render(): void {
    const { experiments, clock } = this.workspace;
    show(this.start, experiments.mayChange);
    show(this.mayLook, experiments.role === 'viewer');
    show(this.table, experiments.list.length > 0);
    show(this.more, experiments.list.length > this.most);
    const notice = noticeText(experiments.loaded, experiments.list.length);
    setText(this.notice, notice);
    show(this.notice, notice !== '');
    this.renderDetail();
    const running = experiments.running(clock.now());
    const key = JSON.stringify([experiments.list, running.length, this.most, this.id]);
    if (key === this.shown) return;
    this.shown = key;
    this.clocks.length = 0;
    fill(this.body, ...experiments.list.slice(0, this.most).map((experiment) => this.row(experiment, running.includes(experiment))));
    this.tick();
  }

  private renderDetail(): void {
    const { experiments } = this.workspace;
    const chosen = experiments.find(this.id);
    if (!chosen) {
      this.detail = null;
      const gone = this.id !== '' && experiments.loaded;
      fill(this.place, gone && h('p', { class: 'card empty' }, 'There is no such experiment (any more).'));
      show(this.place, gone);
      return;
    }
    if (!this.detail) {
      this.detail = new ExperimentDetail(this.workspace);
      fill(this.place, this.detail.element);
    }
    show(this.place, true);
    this.detail.show(chosen);
  }

  private row(experiment: Experiment, running: boolean): HTMLElement {
    const started = Date.parse(experiment.started_on);
    const duration = h('span', { class: 'elapsed' });
    if (running) this.clocks.push({ element: duration, started });
    else if (experiment.stopped_on) setText(duration, formatElapsed(Date.parse(experiment.stopped_on) - started));
    const link = h('a', { href: addressOf(experiment) }, experiment.name);
    if (experiment.public_id === this.id) link.setAttribute('aria-current', 'true');
    return h('tr', {},
      h('th', { scope: 'row' }, link, running && h('span', { class: 'badge', 'data-kind': 'running' }, 'Running')),
      h('td', {}, moment(started)), h('td', { class: 'num' }, duration),
      h('td', {}, experiment.controllers?.join(', ') ?? 'all'), h('td', { class: 'num' }, String(experiment.annotations.length)));
  }

  private tick(): void {
    const now = this.workspace.clock.now();
    for (const { element, started } of this.clocks) setText(element, formatElapsed(now - started));
    this.detail?.tick();
  }
}

function addressOf(experiment: Experiment): string {
  return `#/experiments/${encodeURIComponent(experiment.public_id)}`;
}

function noticeText(loaded: boolean, count: number): string {
  if (!loaded) return 'Loading…';
  return count > 0 ? '' : 'No experiment has been started yet.';
}
