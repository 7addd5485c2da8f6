// Starting, changing and deleting an experiment.

import { parseTime, type Annotation, type Experiment, type StoreState } from '../messages';
import type { ExperimentDraft } from '../data/rest';
import { fill, h, show } from '../ui/dom';
import { openDialog } from '../ui/dialog';
import { rfc3339 } from '../ui/instant';
import { moment } from '../ui/time';
import { TimeField } from '../ui/time_field';
import type { Workspace } from '../workspace';
import { coverWarning, removesSomething, takesCover, tellUncovered } from './cover';

export function startDialog(workspace: Workspace, started: (experiment: Experiment) => void): void {
  const form = fields(workspace, null);
  openDialog({
    title: 'Start an experiment',
    submit: 'Start',
    body: form.body,
    run: async () => {
      const made = await workspace.rest.createExperiment(form.draft());
      await workspace.experiments.load();
      started(made);
    },
  });
}

export function editDialog(workspace: Workspace, experiment: Experiment): void {
  const form = fields(workspace, experiment);
  const rules = workspace.rest.store().catch(() => null);
  const warning = coverPlace(rules, false);
  let warned = false;
  openDialog({
    title: 'Change the experiment',
    submit: 'Save',
    body: [...form.body, warning],
    run: async () => {
      const draft = form.draft();
      // What takes its cover from values is said first, and done when it is asked for again.
      if (takesCover(experiment, draft) && !warned && removesSomething(await rules)) {
        warned = true;
        show(warning, true);
        throw new Error('It covers less than before. Save again if that is meant.');
      }
      tellUncovered(await workspace.rest.changeExperiment(experiment.public_id, draft));
      await workspace.experiments.load();
    },
  });
}

export function deleteDialog(workspace: Workspace, experiment: Experiment, deleted: () => void): void {
  openDialog({
    title: `Delete “${experiment.name}”?`,
    submit: 'Delete the experiment',
    danger: true,
    body: [
      h('p', {}, 'Its name, notes and ', annotationCount(experiment), ' go, and cannot be brought back.'),
      coverPlace(workspace.rest.store().catch(() => null), true),
    ],
    run: async () => {
      tellUncovered(await workspace.rest.deleteExperiment(experiment.public_id));
      await workspace.experiments.load();
      deleted();
    },
  });
}

export function deleteAnnotationDialog(workspace: Workspace, experiment: Experiment, annotation: Annotation): void {
  openDialog({
    title: 'Delete this annotation?',
    submit: 'Delete the annotation',
    danger: true,
    body: [
      h('blockquote', {}, annotation.text),
      h('p', {}, 'It is of ', moment(Date.parse(annotation.timestamp)), ', and cannot be brought back.'),
    ],
    run: async () => {
      await workspace.rest.deleteAnnotation(experiment.public_id, annotation);
      await workspace.experiments.load();
    },
  });
}

// Filled as soon as the hub has told its rules.
function coverPlace(rules: Promise<StoreState | null>, shown: boolean): HTMLElement {
  const place = h('div', { class: 'cover', hidden: !shown });
  void rules.then((store) => fill(place, coverWarning(store)));
  return place;
}

function annotationCount(experiment: Experiment): string {
  const count = experiment.annotations.length;
  return count === 1 ? 'its annotation' : `its ${count} annotations`;
}

interface Fields {
  body: HTMLElement[];
  draft(): ExperimentDraft;
}

// The bounds are asked for when an experiment is changed.
function fields(workspace: Workspace, experiment: Experiment | null): Fields {
  const name = h('input', { required: true, maxlength: 200, autocomplete: 'off', value: experiment?.name ?? '' });
  const notes = h('textarea', { rows: 3, value: experiment?.notes ?? '' });
  const rigs = new RigChoice(workspace, experiment?.controllers ?? null);
  const started = new TimeField('Started');
  const stopped = new TimeField('Stopped');
  started.set(experiment ? parseTime(experiment.started_on) : null);
  stopped.set(experiment?.stopped_on ? parseTime(experiment.stopped_on) : null);
  const body: HTMLElement[] = [h('label', {}, 'Name', name), rigs.element, h('label', {}, 'Notes', notes)];
  if (experiment) {
    body.push(h('div', { class: 'pair' }, started.element, stopped.element));
  }
  const bounds = (): ExperimentDraft => {
    if (!experiment) return {};
    if (!started.check() || !stopped.check()) throw new Error('One of the times does not exist.');
    const end = stopped.value;
    return { started_on: rfc3339(started.value ?? parseTime(experiment.started_on)), stopped_on: end === null ? null : rfc3339(end) };
  };
  return {
    body,
    draft: () => ({
      name: name.value.trim(),
      notes: notes.value.trim() === '' ? null : notes.value,
      controllers: rigs.chosen(),
      ...bounds(),
    }),
  };
}

class RigChoice {
  readonly element: HTMLElement;
  private readonly all: HTMLInputElement;
  private readonly boxes: HTMLInputElement[];

  constructor(workspace: Workspace, chosen: string[] | null) {
    const names = [...new Set([...workspace.live.controllers.keys(), ...(chosen ?? [])])].sort();
    this.all = h('input', { type: 'checkbox', checked: chosen === null, onchange: () => this.update() });
    this.boxes = names.map((name) =>
      h('input', { type: 'checkbox', value: name, checked: chosen?.includes(name) ?? false }));
    this.element = h('fieldset', {}, h('legend', {}, 'Rigs'),
      h('label', { class: 'check' }, this.all, 'All rigs, also those that come later'),
      ...this.boxes.map((box) => h('label', { class: 'check' }, box, box.value)));
    this.update();
  }

  chosen(): string[] | null {
    const some = this.boxes.filter((box) => box.checked).map((box) => box.value);
    return this.all.checked || some.length === 0 ? null : some;
  }

  private update(): void {
    for (const box of this.boxes) box.disabled = this.all.checked;
  }
}
