"""A small HTTP server on 127.0.0.1 with every fault that a download can meet."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen


class FaultyServer:
    """Serves `content`; the address chooses the fault.

    Attributes:
        content: The bytes of the file.
        ranges: The Range header of every request, in order; None where there was none.
    """

    def __init__(self, content):
        self.content = content
        self.ranges = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self):
                server.ranges.append(self.headers.get("Range"))
                getattr(server, "_" + self.path.strip("/").replace("-", "_"))(self)

            def log_message(self, *arguments):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def url(self, fault):
        return f"{self.address}/{fault}"

    @staticmethod
    def open(request, timeout):
        """The opener for the downloader: plain http, which the product never allows."""
        return urlopen(request, timeout=timeout)  # noqa: S310  # loopback only

    def _send(self, handler, status, body, length=None, **headers):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    def _good(self, handler):
        match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        if match is None:
            return self._send(handler, 200, self.content)
        start = int(match[1])
        if start >= len(self.content):
            return self._send(handler, 416, b"")
        spread = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        return self._send(handler, 206, self.content[start:], Content_Range=spread)

    def _no_ranges(self, handler):
        self._send(handler, 200, self.content)

    def _wrong_range(self, handler):
        if handler.headers.get("Range"):
            return self._send(handler, 206, self.content[1:], Content_Range="bytes 1-9/10")
        return self._send(handler, 200, self.content)

    def _dropped(self, handler):
        half = self.content[: len(self.content) // 2]
        self._send(handler, 200, half, length=len(self.content))

    def _dropped_without_length(self, handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(self.content[: len(self.content) // 2])

    def _wrong(self, handler):
        self._send(handler, 200, bytes(len(self.content)))

    def _endless(self, handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(self.content * 3)

    def _page(self, handler):
        self._send(handler, 200, b"\n<!DOCTYPE html><html>Sign in</html>" * 99)

    def _pointer(self, handler):
        self._send(handler, 200, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")

    def _missing(self, handler):
        self._send(handler, 404, b"not here")

    def _moved(self, handler):
        self._send(handler, 302, b"", Location=self.url("good"))
