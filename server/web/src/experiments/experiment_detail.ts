// One experiment: what it was, what was noted, and what can be done with it.

import type { Annotation, Experiment } from '../messages';
import { append, fill, h, setText, show } from '../ui/dom';
import { formatElapsed } from '../ui/format';
import { rfc3339 } from '../ui/instant';
import { icon } from '../ui/icons';
import { trendsLink } from '../ui/route';
import { moment } from '../ui/time';
import { TimeField } from '../ui/time_field';
import type { Workspace } from '../workspace';
import { deleteAnnotationDialog, deleteDialog, editDialog } from './experiment_dialogs';

export class ExperimentDetail {
  readonly element = h('article', { class: 'card experiment', tabindex: -1, 'aria-live': 'off' });
  private readonly text = h('input', {
    placeholder: 'What happened?', 'aria-label': 'Annotation', required: true, maxlength: 1000, autocomplete: 'off',
  });
  private readonly time = new TimeField('When; empty for now', { labelled: false });
  private readonly problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  private readonly elapsed = h('span', { class: 'elapsed' });
  private readonly annotate = h('form', { class: 'annotate', onsubmit: (event: SubmitEvent) => void this.addAnnotation(event) },
    this.text, this.time.element, h('button', { type: 'submit' }, 'Annotate'));
  private experiment: Experiment | null = null;
  private shown = '';
  private exporting = false;

  constructor(private readonly workspace: Workspace) {}

  show(experiment: Experiment): void {
    const key = JSON.stringify([experiment, this.workspace.experiments.mayChange, this.running(experiment)]);
    this.experiment = experiment;
    if (key !== this.shown) this.build(experiment);
    this.shown = key;
    this.tick();
  }

  tick(): void {
    if (!this.experiment) return;
    const end = this.experiment.stopped_on === null ? this.workspace.clock.now() : Date.parse(this.experiment.stopped_on);
    setText(this.elapsed, formatElapsed(end - Date.parse(this.experiment.started_on)));
  }

  private running(experiment: Experiment): boolean {
    return this.workspace.experiments.running(this.workspace.clock.now()).includes(experiment);
  }

  private build(experiment: Experiment): void {
    const mayChange = this.workspace.experiments.mayChange;
    const focused = document.activeElement;
    const hadFocus = this.element.contains(focused); // what is built anew loses it
    fill(this.element,
      h('header', {}, h('h2', {}, experiment.name),
        this.running(experiment) && h('span', { class: 'badge', 'data-kind': 'running' }, 'Running')),
      h('dl', {},
        ...fact('Started', moment(Date.parse(experiment.started_on))),
        ...fact('Stopped', experiment.stopped_on === null ? 'not yet' : moment(Date.parse(experiment.stopped_on))),
        ...fact('Duration', this.elapsed),
        ...fact('Rigs', experiment.controllers?.join(', ') ?? 'all'),
        ...fact('Id', h('code', {}, experiment.public_id))),
      this.actions(experiment, mayChange),
      this.problem,
      experiment.notes && h('p', { class: 'notes' }, experiment.notes),
      h('h3', {}, 'Annotations'));
    const sorted = [...experiment.annotations].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
    append(this.element, [
      sorted.length > 0 ? h('ol', { class: 'annotations' }, ...sorted.map((annotation) => this.annotation(annotation, mayChange)))
        : h('p', { class: 'quiet' }, 'None yet.'),
      mayChange && this.annotate,
    ]);
    if (focused === this.text) this.text.focus();
    else if (hadFocus) this.element.focus({ preventScroll: true });
  }

  private actions(experiment: Experiment, mayChange: boolean): HTMLElement {
    const button = (text: string, action: () => void, kind = ''): HTMLButtonElement =>
      h('button', { type: 'button', class: kind, onclick: action }, text);
    const { workspace } = this;
    return h('div', { class: 'actions' },
      mayChange && this.running(experiment) && button('Stop', () => void this.attempt(() => this.stop()), 'primary'),
      h('a', { class: 'button', href: this.trends(experiment) }, icon('trends'), 'Trends'),
      this.exportButton('CSV, a row per value', false), this.exportButton('CSV, a column per event', true),
      mayChange && button('Change', () => editDialog(workspace, experiment)),
      mayChange && button('Delete', () => deleteDialog(workspace, experiment, () => (location.hash = '#/experiments')), 'danger'));
  }

  private exportButton(text: string, wide: boolean): HTMLElement {
    return h('button', { type: 'button', onclick: () => void this.export(wide) }, icon('download'), text);
  }

  private annotation(annotation: Annotation, mayChange: boolean): HTMLElement {
    return h('li', {}, moment(Date.parse(annotation.timestamp)), h('span', {}, annotation.text),
      mayChange && h('button', { type: 'button', class: 'icon-button', title: 'Delete this annotation',
        'aria-label': `Delete the annotation “${annotation.text}”`, onclick: () => deleteAnnotationDialog(this.workspace, this.experiment!, annotation) }, icon('close')));
  }

  private trends(experiment: Experiment): string {
    const { live, clock } = this.workspace;
    const events = live.ids().filter((id) => {
      const event = live.events.get(id);
      return event?.type === 'analog' && (experiment.controllers?.includes(event.controller ?? '') ?? true);
    });
    const start = Date.parse(experiment.started_on);
    const end = experiment.stopped_on === null ? clock.now() : Date.parse(experiment.stopped_on);
    const margin = Math.max(1000, (end - start) * 0.03);
    return trendsLink(events.slice(0, 4), {
      from: rfc3339(start - margin), to: rfc3339(end + margin),
    });
  }

  // ---- what is asked of the hub

  private async stop(): Promise<void> {
    await this.workspace.rest.stopExperiment(this.experiment!.public_id);
    await this.workspace.experiments.load();
  }

  // The browser saves straight to disk, by an address that works once and needs no token.
  private async export(wide: boolean): Promise<void> {
    if (this.exporting) return;
    this.exporting = true;
    await this.attempt(async () => {
      const url = await this.workspace.rest.exportLink(this.experiment!.public_id, wide);
      const link = h('a', { href: url, download: '' });
      document.body.append(link);
      link.click();
      link.remove();
    }, 'The CSV could not be saved: ');
    this.exporting = false;
  }

  private async addAnnotation(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!this.time.check()) return;
    const when = this.time.value ?? this.workspace.clock.now();
    await this.attempt(async () => {
      await this.workspace.rest.annotate(this.experiment!.public_id, rfc3339(when), this.text.value.trim());
      this.text.value = '';
      this.time.set(null);
      await this.workspace.experiments.load();
    });
  }

  // `before`: what did not succeed, for a problem that does not tell by itself.
  private async attempt(action: () => Promise<void>, before = ''): Promise<void> {
    show(this.problem, false);
    try {
      await action();
    } catch (error) {
      setText(this.problem, before + (error instanceof Error ? error.message : String(error)));
      show(this.problem, true);
    }
  }
}

function fact(name: string, value: Node | string): HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, value)];
}
