"""An independent Modbus TCP unit: Debian's python3-pymodbus."""

import asyncio
import logging
import struct
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
SIZE = 1000  # registers and bits of each kind


class ModbusServer:
    """Registers and bits start as 0; write them with `coils`, `discrete`, `input`, `holding` (setValues)."""

    def __init__(self, holding=None):
        self.coils, self.discrete = (ModbusSequentialDataBlock(0, [False] * SIZE) for _ in range(2))
        self.input = ModbusSequentialDataBlock(0, [0] * SIZE)
        self.holding = holding or ModbusSequentialDataBlock(0, [0] * SIZE)
        self.port = None
        self._server = None
        self._task = None

    async def start(self):
        unit = ModbusSlaveContext(di=self.discrete, co=self.coils, ir=self.input, hr=self.holding, zero_mode=True)
        self._server = ModbusTcpServer(ModbusServerContext(unit, single=True), address=("127.0.0.1", self.port or 0),
                                       allow_reuse_address=True)
        self._task = asyncio.create_task(self._server.serve_forever())
        await self._server.serving
        self.port = self._server.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        await self._server.server_close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def device(self, name="plc"):
        """The [device:…] section of a rig file that points here."""
        return f"[device:{name}]\nhost = 127.0.0.1\nport = {self.port}\n"


class CountingBlock(ModbusSequentialDataBlock):
    """`channels` uint32 counters from address 0 on, each counting how often it was read; `served` is the journal of what
    was handed out: per channel (value, time.time())."""

    def __init__(self, channels):
        super().__init__(0, [0] * SIZE)
        self.served = [[] for _ in range(channels)]

    def getValues(self, address, count=1):
        for channel, journal in enumerate(self.served):
            first = 2 * channel
            if address <= first and first + 2 <= address + count:
                value = len(journal) + 1
                journal.append((value, time.time()))
                self.setValues(first, list(struct.unpack(">2H", struct.pack(">I", value))))
        return super().getValues(address, count)
