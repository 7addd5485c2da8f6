import type { Route } from './route';

// A page of the shell. It is made when its address is entered, and disposed of when it is left.
export interface Page {
  readonly element: HTMLElement;
  readonly title: string;
  update(route: Route): void; // called once after it is shown, and when the address changes within the page
  dispose(): void; // clean: no timer, no listener stays
}
