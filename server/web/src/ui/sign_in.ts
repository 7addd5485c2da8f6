// Asks for a token.

import { h } from './dom';

export function signIn(message: string, enter: (token: string, onThisDevice: boolean) => void): HTMLElement {
  const token = h('input', {
    id: 'token', name: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true,
    'aria-describedby': 'token-help', placeholder: 'wm_…',
  });
  const keep = h('input', { id: 'keep', type: 'checkbox' });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = token.value.trim();
    if (given) enter(given, keep.checked);
  };
  return h('main', { class: 'sign-in', 'data-state': message ? 'denied' : 'new' },
    h('form', { class: 'card', onsubmit: submit },
      h('p', { class: 'brand' }, h('img', { src: 'favicon.svg', alt: '', width: 28, height: 28 }), 'WebMACS'),
      h('h1', {}, 'Sign in'),
      message && h('p', { class: 'notice', role: 'alert' }, message),
      h('label', { for: 'token' }, 'Token'),
      token,
      h('p', { id: 'token-help', class: 'quiet' },
        'Whoever runs the hub makes a link that signs in, ', h('code', {}, 'webmacs-server token link NAME --role viewer'),
        ', or a token, ', h('code', {}, 'webmacs-server token create --name NAME --role viewer'),
        '. An operator’s token may also run experiments.'),
      h('label', { class: 'check', for: 'keep' }, keep, 'Remember on this device (otherwise until the last tab is closed)'),
      h('button', { class: 'primary', type: 'submit' }, 'Sign in')));
}
