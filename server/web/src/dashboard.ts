// Where the page begins: a token, then a workspace for it, then the shell that shows its pages.

import './styles/base.css';
import './styles/shell.css';
import './styles/overview.css';
import './styles/trends.css';
import './styles/pages.css';
import { borrowToken, consumeTokenLink, forgetToken, keepToken, shareToken, signOutEverywhere, storedToken } from './data/session';
import { Shell } from './ui/shell';
import { signIn } from './ui/sign_in';
import { Workspace } from './workspace';

const SIGNED_OUT = 'You are signed out.';

let leave: (() => void) | null = null; // ends what one token saw

function enter(token: string): void {
  const workspace = new Workspace(token);
  const shell = new Shell(workspace, () => {
    signOutEverywhere(token);
    askForToken(SIGNED_OUT);
  });
  const endSharing = shareToken(token, () => askForToken(SIGNED_OUT));
  workspace.stateChanged.subscribe((reason) => {
    if (workspace.state === 'denied') askForToken(`This token is not accepted: ${reason || 'access was refused'}.`);
  });
  leave?.();
  leave = () => {
    endSharing();
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

async function begin(): Promise<void> {
  consumeTokenLink();
  const stored = storedToken();
  if (stored) return enter(stored);
  const borrowed = await borrowToken();
  if (!borrowed) return askForToken('');
  keepToken(borrowed, false);
  enter(borrowed);
}

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) void begin();
});
// A page that comes back from the browser's cache of pages has lost its connection.
addEventListener('pagehide', () => leave?.());
addEventListener('pageshow', (shown) => shown.persisted && location.reload());
void begin();
