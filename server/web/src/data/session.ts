// The token: kept in session storage, or in local storage when its owner asks for that; never in an address.

const KEY = 'webmacs.token';

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

// `#token=…`, as `./run demo` prints it: taken, and removed from the address and from the history.
export function consumeTokenLink(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  if (token) keepToken(token, false);
  history.replaceState(null, '', location.pathname + location.search);
}
