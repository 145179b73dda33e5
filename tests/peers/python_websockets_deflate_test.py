"""Debian's python3-websockets with permessage-deflate: it checks what the answer may say, and reads DEFLATE with
windows as small as agreed."""

import asyncio
import os
import random
import unittest

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from demo import BACKENDS, DEADLINE, Demo

MODES = ["shared", "dedicated"]
TEXT = "\n".join(f'{{"name":"sensor {i}","value":{i * 37 % 101},"unit":"°C"}}' for i in range(40))

# Its zlib cannot compress with a window of 8 bits; inflating it can.
OFFERS = (
    [{}, {"client_max_window_bits": None}]
    + [{"server_no_context_takeover": server, "client_no_context_takeover": client}
       for server in (False, True) for client in (False, True)]
    + [{"server_max_window_bits": bits} for bits in range(8, 16)]
    + [{"client_max_window_bits": bits} for bits in range(9, 16)]
    + [{"server_max_window_bits": 9, "client_max_window_bits": 9,
        "server_no_context_takeover": True, "client_no_context_takeover": True}]
    + [{"compress_settings": {"level": level}} for level in (0, 1, 9)]
)


def connect(demo, *offers):
    return websockets.connect(demo.url(), compression=None, max_size=None,
                              extensions=[ClientPerMessageDeflateFactory(**offer) for offer in offers])


class Deflate(unittest.TestCase):
    def each(self, body, *flags):
        for backend in BACKENDS:
            for mode in MODES:
                with self.subTest(backend=backend, mode=mode):
                    with Demo("--backend", backend, "--compression", mode, *flags) as demo:
                        asyncio.run(asyncio.wait_for(body(demo, mode), 2 * DEADLINE))

    async def echoes(self, ws, messages):
        for message in messages:
            await ws.send(message)
            got = await ws.recv()
            self.assertEqual(type(got), type(message))
            self.assertTrue(got == message, f"{len(message)} become {len(got)}")

    def test_every_offer_is_answered_and_works(self):
        async def body(demo, mode):
            for offer in OFFERS:
                with self.subTest(offer=offer):
                    async with connect(demo, offer) as ws:
                        [agreed] = ws.extensions
                        # "remote" is what the server promised of its own compressor.
                        if mode == "shared" or offer.get("server_no_context_takeover"):
                            self.assertTrue(agreed.remote_no_context_takeover)
                        self.assertLessEqual(agreed.remote_max_window_bits, offer.get("server_max_window_bits", 15))
                        noise = random.Random(7692).randbytes(3000)
                        await self.echoes(ws, ["", b"", "a", "grüße 世界 𐍈", TEXT, TEXT, noise, noise, TEXT * 500,
                                               os.urandom(70_000), bytes(1 << 20)])
                        await self.echoes(ws, [TEXT[i % 50:200 + i * 3] + str(i) for i in range(300)])
                    self.assertEqual(ws.close_code, 1000)

        self.each(body)

    def test_the_first_of_several_offers_is_taken(self):
        async def body(demo, _):
            async with connect(demo, {"server_max_window_bits": 10}, {}) as ws:
                [agreed] = ws.extensions
                self.assertLessEqual(agreed.remote_max_window_bits, 10)
                await self.echoes(ws, [TEXT, TEXT])

        self.each(body)

    def test_an_offer_of_something_else_is_left_out(self):
        async def body(demo, _):
            async with websockets.connect(demo.url(), compression=None, extra_headers={
                    "Sec-WebSocket-Extensions": "x-unknown; a=1, permessage-bzip2"}) as ws:
                self.assertNotIn("Sec-WebSocket-Extensions", ws.response_headers)
                await self.echoes(ws, [TEXT])

        self.each(body)

    def test_fragments_with_pings_between(self):
        async def body(demo, _):
            async with connect(demo, {}) as ws:
                async def pieces(size):
                    for at in range(0, len(TEXT), size):
                        yield TEXT[at:at + size]
                        await (await ws.ping(f"at {at}"))

                for size in (1, 10, 1000):
                    await ws.send(pieces(size) if size > 1 else [TEXT[i] for i in range(len(TEXT))])
                    self.assertEqual(await ws.recv(), TEXT)

        self.each(body)

    def test_many_in_flight(self):
        async def body(demo, _):
            async with connect(demo, {}) as ws:
                messages = [f"{TEXT[:i]} {i}" for i in range(1000)]
                sending = asyncio.ensure_future(self.send_all(ws, messages))
                self.assertEqual([await ws.recv() for _ in messages], messages)
                await sending

        self.each(body)

    @staticmethod
    async def send_all(ws, messages):
        for message in messages:
            await ws.send(message)

    def test_what_inflates_beyond_the_limit_is_1009(self):
        async def body(demo, _):
            async with connect(demo, {}) as ws:
                await self.echoes(ws, [bytes(50_000)])
                await ws.send(bytes(50_001))
                await ws.wait_closed()
            self.assertEqual(ws.close_code, 1009)

        self.each(body, "--max-message", "50000")


class Off(unittest.TestCase):
    def test_compression_is_declined_and_the_echo_works(self):
        async def body(demo):
            async with connect(demo, {}) as ws:
                self.assertEqual(ws.extensions, [])
                await ws.send(TEXT)
                self.assertEqual(await ws.recv(), TEXT)

        for backend in BACKENDS:
            with self.subTest(backend=backend), Demo("--backend", backend, "--compression", "off") as demo:
                asyncio.run(asyncio.wait_for(body(demo), DEADLINE))


if __name__ == "__main__":
    unittest.main()
