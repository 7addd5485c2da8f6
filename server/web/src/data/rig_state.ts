// How a rig and its devices are, as far as this browser can know: of an offline rig nobody knows its devices, and while the
// hub is away nobody knows anything.

import type { Controller, DeviceState } from '../messages';

export type Presence = 'online' | 'offline' | 'unknown';

export function presenceOf(controller: Controller, hubIsThere: boolean): Presence {
  if (!hubIsThere) return 'unknown';
  return controller.online ? 'online' : 'offline';
}

export function devicePresence(device: DeviceState, controller: Controller, hubIsThere: boolean): Presence {
  return presenceOf(controller, hubIsThere) === 'online' ? device.state : 'unknown';
}
