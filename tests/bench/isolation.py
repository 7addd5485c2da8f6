"""30 units behind one gateway, one of them dead, with a timeout of 1 s: what the others keep of their samples from two
minutes after its death on, while two hosts swallow what they are sent; and the longest pause on another line."""

import asyncio

from setting import Setting, is_quick, show, show_at_least

from harness.agent import Agent
from modbus import isolation as scenario

POLL = scenario.POLL


async def measure(grown, watched):
    with Setting() as setting:
        hub = setting.hub()
        token = await hub.token("rig1", "controller")
        await hub.start()

        async def agent_of(rig):
            return Agent(setting, rig, hub, token, poll_interval=str(POLL))
        kept, pause, _ = await scenario.isolate(setting, hub, agent_of, grown, watched)
    least = 100 * min(kept.values())
    show_at_least("isolation, samples kept behind the gateway", least, "%", 95)
    show("isolation, longest pause on another line", pause, "s", 1.5 * POLL)


if __name__ == "__main__":
    # Shorter, it is what the tests run: from 40 s after the death on.
    asyncio.run(measure(*((scenario.GROWN, scenario.WATCHED) if is_quick(__doc__) else (120.0, 180.0))))
