"""Debian's python3-websockets, a client that parses strictly, against the demo's echo."""

import asyncio
import os
import signal
import unittest

import websockets

from demo import BACKENDS, DEADLINE, Demo


class Echo(unittest.TestCase):
    def each(self, body, *flags):
        for backend in BACKENDS:
            with self.subTest(backend=backend), Demo("--backend", backend, *flags) as demo:
                asyncio.run(asyncio.wait_for(body(demo), DEADLINE))

    def test_text_and_bytes_come_back(self):
        async def body(demo):
            async with websockets.connect(demo.url(), max_size=None) as ws:
                for message in ["", "hello", "grüße 世界 𐍈", b"", bytes(range(256)), "x" * 70_000, os.urandom(1 << 20)]:
                    await ws.send(message)
                    self.assertEqual(await ws.recv(), message)
            self.assertEqual(ws.close_code, 1000)

        self.each(body)

    def test_fragments_come_back_as_one_message(self):
        async def body(demo):
            async with websockets.connect(demo.url()) as ws:
                await ws.send(["one ", "", "two ", "three"])
                self.assertEqual(await ws.recv(), "one two three")
                await ws.send([bytes([i]) for i in range(200)])
                self.assertEqual(await ws.recv(), bytes(range(200)))

        self.each(body)

    def test_pings_are_answered(self):
        async def body(demo):
            async with websockets.connect(demo.url()) as ws:
                await (await ws.ping())
                await (await ws.ping(b"\x00" * 125))

        self.each(body)

    def test_close_code_comes_back(self):
        async def body(demo):
            for code, reason in [(1000, ""), (1001, "bye"), (3000, "grüße"), (4999, "r" * 123)]:
                ws = await websockets.connect(demo.url())
                await ws.close(code, reason)
                self.assertEqual(ws.close_code, code)

        self.each(body)

    def test_many_at_once(self):
        async def one(demo, number):
            async with websockets.connect(demo.url()) as ws:
                for turn in range(5):
                    await ws.send(f"{number}/{turn}")
                    self.assertEqual(await ws.recv(), f"{number}/{turn}")

        async def body(demo):
            await asyncio.gather(*(one(demo, number) for number in range(100)))

        self.each(body, "--threads", "2")

    def test_too_big_is_1009(self):
        async def body(demo):
            ws = await websockets.connect(demo.url())
            await ws.send("x" * 1001)
            with self.assertRaises(websockets.ConnectionClosed):
                await ws.recv()
            self.assertEqual(ws.close_code, 1009)
            self.assertIn("max_message_bytes", ws.close_reason)

        self.each(body, "--max-message", "1000")

    def test_foreign_origin_is_403(self):
        async def body(demo):
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await websockets.connect(demo.url(), origin="http://evil.example")
            self.assertEqual(refused.exception.status_code, 403)
            async with websockets.connect(demo.url(), origin=f"http://127.0.0.1:{demo.port}"):
                pass

        self.each(body)

    def test_goodbye_is_1001(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend), Demo("--backend", backend) as demo:
                async def body():
                    ws = await websockets.connect(demo.url())
                    demo.process.send_signal(signal.SIGTERM)
                    await ws.wait_closed()
                    self.assertEqual(ws.close_code, 1001)
                    while demo.process.poll() is None:
                        await asyncio.sleep(0.01)

                asyncio.run(asyncio.wait_for(body(), DEADLINE))


if __name__ == "__main__":
    unittest.main()
