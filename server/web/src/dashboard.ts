// Where the page begins: a token, then a workspace for it, then the shell that shows its pages.

import './styles/base.css';
import './styles/shell.css';
import './styles/overview.css';
import './styles/trends.css';
import './styles/pages.css';
import { exchangeCode, nameOf } from './data/rest';
import { borrowToken, consumeLink, forgetToken, isLink, keepToken, shareToken, signOutEverywhere, storedToken, type Link } from './data/session';
import { chooseLogin } from './ui/choose_login';
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
  const link = consumeLink();
  const present = await presentToken();
  if (!link || link.token === present) return present ? enter(present) : askForToken('');
  // A link that somebody else made must not put this browser into their hands unseen.
  const name = present && (await nameOf(present));
  if (!present || !name) return follow(link);
  leave?.();
  leave = null;
  document.body.replaceChildren(chooseLogin(name, () => enter(present), () => void follow(link)));
}

// This tab's token, or another tab's.
async function presentToken(): Promise<string | null> {
  const stored = storedToken();
  if (stored) return stored;
  const borrowed = await borrowToken();
  if (borrowed) keepToken(borrowed, false);
  return borrowed;
}

async function follow(link: Link): Promise<void> {
  try {
    const token = link.token ?? (await exchangeCode(link.code ?? ''));
    keepToken(token, false);
    enter(token);
  } catch (error) {
    askForToken(error instanceof Error ? error.message : String(error));
  }
}

addEventListener('hashchange', () => {
  if (isLink(location.hash)) void begin();
});
// A page that comes back from the browser's cache of pages has lost its connection.
addEventListener('pagehide', () => leave?.());
addEventListener('pageshow', (shown) => shown.persisted && location.reload());
void begin();
