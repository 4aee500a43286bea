"""An HTTP proxy before a store: it notes every request, and cuts or answers those that a test names."""

import http.client
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a fault does to a request: it never arrives, it arrives and its answer does not, half of the answer's body comes.
CUTS = ["before", "after", "within"]


@dataclass
class Request:
    method: str
    path: str
    query: str
    range: str | None
    conditions: dict[str, str]
    status: int = 0
    sent: int = 0
    received: int = 0

    @property
    def what(self):
        """What is asked for; who goes on from where an answer broke off asks for the same end."""
        return self.method, self.path, self.query, (self.range or "").split("-")[-1]


class Proxy:
    """Forwards to `host:port`; `fault(request)` names a cut, gives (status, body) to answer with, or None."""

    def __init__(self, host, port):
        self.upstream = (host, port)
        self.log: list[Request] = []
        self.fault = lambda request: None
        # Conditions that the store behind never hears of, as if it ignored them.
        self.unheard: set[str] = set()
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_one(self):
                proxy.handle(self)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_one

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        path, _, query = handler.path.partition("?")
        conditions = {name: handler.headers[name] for name in ("if-match", "if-none-match") if name in handler.headers}
        request = Request(handler.command, path, query, handler.headers.get("range"), conditions, sent=len(body))
        with self.lock:
            self.log.append(request)
        fault = self.fault(request)
        if fault == "before":
            return self.cut(handler)
        if isinstance(fault, tuple):
            request.status, answer, headers = fault[0], fault[1].encode(), {}
        else:
            connection = http.client.HTTPConnection(*self.upstream)
            headers = {name: value for name, value in handler.headers.items() if name.lower() not in self.unheard}
            connection.request(handler.command, handler.path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            request.status, headers = response.status, dict(response.getheaders())
            connection.close()
        request.received = len(answer)
        if fault == "after" or (fault == "within" and not answer):
            return self.cut(handler)
        handler.send_response(request.status)
        length = headers.get("Content-Length", headers.get("content-length", str(len(answer))))
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", length if handler.command == "HEAD" else str(len(answer)))
        handler.end_headers()
        if handler.command == "HEAD":
            return None
        if fault == "within":
            handler.wfile.write(answer[: len(answer) // 2])
            handler.wfile.flush()
            return self.cut(handler)
        handler.wfile.write(answer)

    @staticmethod
    def cut(handler):
        handler.close_connection = True
        try:
            handler.connection.shutdown(2)
        except OSError:
            pass


class FirstAttempts:
    """Cuts the first attempt at each request in one way, and lets the next one pass."""

    def __init__(self, cut):
        self.cut, self.seen, self.cuts = cut, set(), 0
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            if request.what in self.seen:
                return None
            self.seen.add(request.what)
            self.cuts += 1
            return self.cut
