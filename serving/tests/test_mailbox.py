"""Calls from other threads to the event loop."""

import asyncio
import threading
from functools import partial

from autoglm_serving.api.mailbox import Mailbox


class CountingLoop(asyncio.SelectorEventLoop):
    woken = 0

    def call_soon_threadsafe(self, *arguments, **options):
        self.woken += 1
        return super().call_soon_threadsafe(*arguments, **options)


def test_what_a_step_says_takes_one_wake_up_and_keeps_its_order():
    loop = CountingLoop()
    mailbox, heard = Mailbox(loop), []
    for number in range(100):
        mailbox.post(partial(heard.append, number))
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert heard == list(range(100))
    assert loop.woken == 1
    loop.close()
    mailbox.post(partial(heard.append, "late"))
    assert "late" not in heard


def test_no_call_of_several_threads_is_lost():
    heard = []

    async def listen() -> None:
        mailbox = Mailbox(asyncio.get_running_loop())
        say = lambda: [mailbox.post(partial(heard.append, number)) for number in range(5000)]  # noqa: E731
        threads = [threading.Thread(target=say) for _ in range(4)]
        for thread in threads:
            thread.start()
        async with asyncio.timeout(30):
            while len(heard) < 20_000:
                await asyncio.sleep(0.001)
        for thread in threads:
            thread.join()

    asyncio.run(listen())
    assert len(heard) == 20_000
