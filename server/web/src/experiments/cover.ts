// What becomes of measured values that an experiment no longer covers: said before a change, and after it.

import type { ExperimentDraft } from '../data/rest';
import type { Experiment, StoreState, Uncovered } from '../messages';
import { h } from '../ui/dom';
import { formatCount, formatSpan } from '../ui/format';
import { moment } from '../ui/time';
import { openDialog } from '../ui/dialog';

const END_OF_TIME = Number.POSITIVE_INFINITY;

// Whether the draft covers less than the experiment does.
export function takesCover(experiment: Experiment, draft: ExperimentDraft): boolean {
  const end = (time: string | null | undefined): number => (time ? Date.parse(time) : END_OF_TIME);
  if (draft.started_on !== undefined && Date.parse(draft.started_on) > Date.parse(experiment.started_on)) return true;
  if (draft.stopped_on !== undefined && end(draft.stopped_on) < end(experiment.stopped_on)) return true;
  const rigs = draft.controllers;
  if (rigs === undefined || rigs === null) return false;
  return experiment.controllers === null || experiment.controllers.some((rig) => !rigs.includes(rig));
}

// Unknown counts as yes.
export function removesSomething(store: StoreState | null): boolean {
  return store === null || rulesOf(store) !== null;
}

// What will happen to the values that lose their experiment. `store`: null while it is not known.
export function coverWarning(store: StoreState | null): HTMLElement {
  if (!store) return h('p', { class: 'quiet' }, 'Whether this hub removes old values is not known just now.');
  const rules = rulesOf(store);
  if (rules === null) {
    return h('p', {}, h('strong', {}, 'Every measured value stays'), ': only the link between them and this experiment ends.');
  }
  const grace = store.grace > 0 ? `They are safe for ${formatSpan(store.grace * 1000)} more; after that` : 'From now on';
  return h('p', {}, h('strong', {}, 'The measured values are no longer kept for good'),
    `: this hub removes ${rules}, but for what experiments cover. ${grace} those that no other experiment covers go.`);
}

// Nothing where no value lost its cover.
export function tellUncovered(answer: Uncovered): void {
  const count = answer.uncovered ?? answer.uncovered_at_least;
  if (count === undefined || answer.until === undefined) return;
  const values = `${answer.uncovered === undefined ? 'At least ' : ''}${formatCount(count)} measured values`;
  openDialog({
    title: 'Values without an experiment',
    submit: 'Understood',
    body: [h('p', { class: 'uncovered' }, `${values} have no experiment any more. They are safe until `,
      moment(Date.parse(answer.until)), ', by the time of the newest value. To keep them, make an experiment over their time.')],
    run: () => Promise.resolve(),
  });
}

function rulesOf(store: StoreState): string | null {
  const rules = [
    store.retention > 0 ? `what is older than ${formatSpan(store.retention * 1000)}` : '',
    store.max_size > 0 ? 'the oldest values while the store is too large' : '',
  ].filter(Boolean);
  return rules.length > 0 ? rules.join(', and ') : null;
}
