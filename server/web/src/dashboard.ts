// Where the page begins: a token, then a workspace for it, then the shell that shows its pages.

import './styles/base.css';
import './styles/shell.css';
import './styles/overview.css';
import './styles/trends.css';
import './styles/pages.css';
import { consumeTokenLink, forgetToken, keepToken, storedToken } from './data/session';
import { Shell } from './ui/shell';
import { signIn } from './ui/sign_in';
import { Workspace } from './workspace';

let leave: (() => void) | null = null; // ends what one token saw

function enter(token: string): void {
  const workspace = new Workspace(token);
  const shell = new Shell(workspace, () => askForToken('You are signed out.'));
  workspace.stateChanged.subscribe((reason) => {
    if (workspace.state === 'denied') askForToken(`This token is not accepted: ${reason || 'access was refused'}.`);
  });
  leave?.();
  leave = () => {
    workspace.stop();
    shell.dispose();
  };
  document.body.replaceChildren(shell.element);
  workspace.start();
}

function askForToken(message: string): void {
  forgetToken();
  leave?.();
  leave = null;
  document.title = 'WebMACS';
  const page = signIn(message, (token, onThisDevice) => {
    keepToken(token, onThisDevice);
    enter(token);
  });
  document.body.replaceChildren(page);
  page.querySelector('input')?.focus();
}

function begin(): void {
  consumeTokenLink();
  const token = storedToken();
  if (token) enter(token);
  else askForToken('');
}

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) begin();
});
// A page that comes back from the browser's cache of pages has lost its connection.
addEventListener('pagehide', () => leave?.());
addEventListener('pageshow', (shown) => shown.persisted && location.reload());
begin();
