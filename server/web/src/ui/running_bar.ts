// The experiment that runs, on every page; nothing while none does.

import type { Experiment } from '../messages';
import type { Workspace } from '../workspace';
import { fill, h, setText, show } from './dom';
import { formatElapsed } from './format';

export class RunningBar {
  readonly element = h('aside', { class: 'running-bar', 'aria-label': 'Running experiments', hidden: true });
  private clocks: { element: HTMLElement; started: number }[] = [];
  private shown = '';
  private readonly end: () => void;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly workspace: Workspace) {
    this.end = workspace.experiments.changed.subscribe(() => this.update());
    this.timer = setInterval(() => this.update(), 1000);
    this.update();
  }

  dispose(): void {
    this.end();
    clearInterval(this.timer);
  }

  private update(): void {
    const now = this.workspace.clock.now();
    const running = this.workspace.experiments.running(now);
    const key = running.map((experiment) => `${experiment.public_id} ${experiment.name} ${experiment.started_on}`).join();
    if (key !== this.shown) {
      this.shown = key;
      this.clocks = [];
      fill(this.element, ...running.map((experiment) => this.link(experiment)));
      show(this.element, running.length > 0);
    }
    for (const clock of this.clocks) setText(clock.element, formatElapsed(now - clock.started));
  }

  private link(experiment: Experiment): HTMLElement {
    const element = h('span', { class: 'elapsed' });
    this.clocks.push({ element, started: Date.parse(experiment.started_on) });
    return h('a', { href: `#/experiments/${encodeURIComponent(experiment.public_id)}` },
      h('span', { class: 'recording', 'aria-hidden': 'true' }), 'Experiment ', h('strong', {}, experiment.name),
      experiment.controllers && h('span', { class: 'quiet' }, experiment.controllers.join(', ')), element);
  }
}
