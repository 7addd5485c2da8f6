"""A Modbus TCP gateway with one serial line behind it, on which a unit is dead or dies."""

import threading
import time

from .modbus_units import TcpUnits, event, exception, fixed


class Gateway:
    """Serves one request at a time. It waits `wait` seconds for the dead unit, and then says nothing, or that exception.
    A unit's register 0 holds 100 and its number."""

    def __init__(self, dead, wait, says=None, is_dead=True):
        self.dead, self.wait, self.says, self.is_dead = dead, wait, says, is_dead
        self.bus = threading.Lock()
        self.units = TcpUnits(self._answer)

    def _answer(self, unit, pdu, _age):
        away = unit == self.dead and self.is_dead
        with self.bus:
            time.sleep(self.wait if away else 0.02)
        if not away:
            return fixed({0: 100 + unit})(unit, pdu)
        return None if self.says is None else exception(pdu, self.says)

    def sections(self, name, poll_interval, **keys):
        """The dead unit and 1, 2 and 3, an event each; devices and events have the gateway's name and the unit's number."""
        return "".join(self.units.device(f"{name}{unit}", unit, **keys)
                       + event(f"{name}{unit}", 0, f"{name}{unit}", poll_interval=poll_interval)
                       for unit in (self.dead, 1, 2, 3))
