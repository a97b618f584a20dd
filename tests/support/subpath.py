"""A reverse proxy that serves a WebUI below a path, as people do who use ``--subpath``."""

import asyncio
import threading
from contextlib import contextmanager

OUTSIDE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Subpath:
    """Forwards ``/prefix/x`` to ``/x`` of a local port, WebSockets included.

    Attributes:
        outside: Paths that were asked for without the prefix.
    """

    def __init__(self, prefix, port):
        self.prefix, self.target = f"/{prefix}".encode(), port
        self.outside = []

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        line, rest = head.split(b"\r\n", 1)
        method, path, version = line.split(b" ")
        if not path.startswith(self.prefix + b"/"):
            self.outside.append(path.decode())
            writer.write(OUTSIDE)
            writer.close()
            return
        # one request per connection keeps every later path visible
        fields = rest.split(b"\r\n")
        if b"websocket" not in rest.lower():
            version = b"HTTP/1.0"
            fields = [b"Connection: close"] + [
                one for one in fields if not one.lower().startswith(b"connection:")
            ]
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        path = path[len(self.prefix) :]
        back.write(b" ".join([method, path, version]) + b"\r\n" + b"\r\n".join(fields))
        await asyncio.gather(pump(reader, back), pump(there, writer))


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@contextmanager
def below(prefix, port):
    """Run a proxy on a thread of its own; yields it."""
    proxy, ready = Subpath(prefix, port), threading.Event()

    async def work():
        proxy.loop, proxy.over = asyncio.get_running_loop(), asyncio.Event()
        await proxy.start()
        ready.set()
        async with proxy.server:
            await proxy.over.wait()

    # the browser's driver has a loop running on this thread
    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        proxy.loop.call_soon_threadsafe(proxy.over.set)
        thread.join(10)
