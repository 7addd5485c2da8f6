// Asks before a link's login takes the place of the one that this browser has.

import { h } from './dom';

export function chooseLogin(present: string, stay: () => void, useLink: () => void): HTMLElement {
  return h('main', { class: 'sign-in', 'data-state': 'choose' },
    h('div', { class: 'card' },
      h('p', { class: 'brand' }, h('img', { src: 'favicon.svg', alt: '', width: 28, height: 28 }), 'WebMACS'),
      h('h1', {}, 'You are signed in already'),
      h('p', {}, 'This browser is signed in as ', h('strong', {}, present),
        '. The link that was opened signs in anew. Use it only if you asked for it.'),
      h('div', { class: 'actions' },
        h('button', { type: 'button', onclick: useLink }, 'Sign in with the link'),
        h('button', { type: 'button', class: 'primary', onclick: stay }, 'Stay signed in'))));
}
