// A form in a modal dialog. It stays open, with the hub's words, when what it asked for is refused.

import { h, setText, show } from './dom';

export interface DialogParts {
  title: string;
  submit: string; // the button's text
  danger?: boolean;
  body: (Node | string)[];
  run: () => Promise<void>; // throws what is shown
}

export function openDialog({ title, submit, danger, body, run }: DialogParts): void {
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const button = h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, submit);
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    button.disabled = true;
    try {
      await run();
      dialog.close();
    } catch (error) {
      setText(problem, error instanceof Error ? error.message : String(error));
      show(problem, true);
    } finally {
      button.disabled = false;
    }
  };
  const leave = (): void => {
    dialog.remove();
    // The browser gives the focus back to what had it, unless that was built anew meanwhile.
    if (document.activeElement === document.body) document.querySelector('main')?.focus({ preventScroll: true });
  };
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title', onclose: leave },
    h('form', { onsubmit: send },
      h('h2', { id: 'dialog-title' }, title), ...body, problem,
      h('div', { class: 'actions' },
        h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'), button)));
  document.body.append(dialog);
  dialog.showModal();
}
