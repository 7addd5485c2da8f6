// The token: kept in session storage, or in local storage when its owner asks for that; not in an address. A tab that has
// none asks the other tabs of this browser, so that a link opens in a second tab without signing in again.

const KEY = 'webmacs.token';
const ANSWER_MS = 250; // for another tab

type Message = { ask: true } | { token: string } | { forget: string };

const tabs = new BroadcastChannel('webmacs.session');

export function storedToken(): string | null {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
}

export function keepToken(token: string, onThisDevice: boolean): void {
  forgetToken();
  (onThisDevice ? localStorage : sessionStorage).setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

// Forgets it in every tab.
export function signOutEverywhere(token: string): void {
  forgetToken();
  tell({ forget: token });
}

// The token of another tab; null when none answers.
export function borrowToken(): Promise<string | null> {
  return new Promise((resolve) => {
    const end = (token: string | null): void => {
      tabs.removeEventListener('message', listen);
      clearTimeout(patience);
      resolve(token);
    };
    const listen = ({ data }: MessageEvent<Message>): void => {
      if ('token' in data) end(data.token);
    };
    const patience = setTimeout(() => end(null), ANSWER_MS);
    tabs.addEventListener('message', listen);
    tell({ ask: true });
  });
}

// While this tab has the token: answers tabs that ask for one, and hears when one of them signs out.
export function shareToken(token: string, signedOut: () => void): () => void {
  const listen = ({ data }: MessageEvent<Message>): void => {
    if ('ask' in data) tell({ token });
    else if ('forget' in data && data.forget === token) signedOut();
  };
  tabs.addEventListener('message', listen);
  return () => tabs.removeEventListener('message', listen);
}

function tell(message: Message): void {
  tabs.postMessage(message);
}

// What a sign-in link carries: a one-time code, or, as of old, the token itself.
export interface Link {
  code?: string;
  token?: string;
}

export function isLink(hash: string): boolean {
  return /^#(token|code)=/.test(hash);
}

// `#code=…` as `webmacs-server token link` prints it, or `#token=…`: taken, and removed from the address and the history.
export function consumeLink(): Link | null {
  if (!isLink(location.hash)) return null;
  const given = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, '', location.pathname + location.search);
  const code = given.get('code');
  const token = given.get('token');
  return code ? { code } : token ? { token } : null;
}
