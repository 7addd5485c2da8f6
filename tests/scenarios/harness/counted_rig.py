"""An agent that polls counters from an independent unit, and the books on what it asked for."""

import asyncio
import time

from .ledger import Ledger
from .modbus_server import CountingBlock, ModbusServer
from .programs import SLOWNESS
from .wait import until


class CountedRig:
    """The unit serves from make() on; the agent runs from start() on. Stop and kill the agent only here."""

    @classmethod
    async def make(cls, scenario, hub, channels=10, device="", more="", **settings):
        """`device`: lines for the unit's section; `more`: sections of further devices and events; `settings` are the
        agent's."""
        self = cls()
        self.unit = await ModbusServer(holding=CountingBlock(channels)).start()
        self.ledger = Ledger(self.unit.holding, hub.store)
        self.agent = await scenario.agent(self.unit.device() + device + self.ledger.events() + more, hub, **settings)
        return self

    def polls(self):
        return self.ledger.polls()

    async def polls_go_on(self, more=3):
        polls = self.polls()
        await until(lambda: self.polls() >= polls + more, 20 * SLOWNESS, f"{more} more polls")

    def start(self):
        self.ledger.started()
        self.agent.start()

    def kill(self):
        self.ledger.ends(killed=True)
        self.agent.kill()

    async def stop(self, within=5.0):
        """SIGTERM, and this test's own servers go on meanwhile."""
        self.ledger.ends(killed=False)
        self.agent.program.terminate()
        code = await asyncio.to_thread(self.agent.program.wait, within)
        assert code == 0, f"the agent ended with {code}"

    async def hand_over(self):
        """The agent was stopped; the unit goes, so that the agent only brings what it holds."""
        self.ledger.closed = time.time()
        await self.unit.stop()
        self.start()

    async def assert_all_arrive(self):
        """After hand_over()."""
        await until(lambda: not self.ledger.compare().unexplained, 60 * SLOWNESS,
                    lambda: f"everything that was polled is stored: {self.ledger.compare()}", every=0.2)
        faults = self.ledger.compare().faults
        assert not faults, faults
