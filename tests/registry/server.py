#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A registry for the tests: serves an OCI layout read-only, as well or as badly as asked.

usage: server.py LAYOUT [OPTION...]       prints its port, then serves until stdin ends

  --tls CERT KEY       HTTPS
  --client-ca CA       and a client certificate of that CA is wanted
  --auth basic|token   user `tester`, password `secret`; token: the token server is /token here
  --anonymous          the token server gives tokens without credentials, too
  --identity TOKEN     the token server wants this refresh token by POST
  --short-lived N      a token is good for N requests
  --log FILE           one line a request: METHOD PATH|authorization|range|host
  --only HOST          refuses requests whose Host differs (for redirects)
  --fault KIND[=N]     what goes wrong (several may be given):
      cut=N            each blob's first answer is cut after N bytes
      cut-always=N     every answer to a blob request is cut after N bytes (of its range)
      norange          ranges are ignored
      wrong-range      another range than asked for is sent
      flaky=N          the first N requests for a blob get 503
      busy=N           the first N requests for a manifest get 429 with Retry-After: 0
      busy-for=N       429 with Retry-After: 100000 always
      stall=N          blobs stop after their first N bytes and stay silent
      once             a blob is there for its first request only
      flip             one byte of each blob is wrong
      flip-first       the same, the first time only
      short            blobs end early and the length says so
      long             blobs have more bytes than their descriptors say
      redirect=URL     blobs are at URL/v2/...
      loop             blobs redirect to themselves
      to-plain         blobs redirect to http:// of an address of no loopback
      big-head         heads of 200 KiB
      many-heads       300 header lines
      big-manifest     a manifest of 5 MiB
      wrong-manifest   a manifest's bytes are not those of its digest
      lying-digest     Docker-Content-Digest names something else
      no-json          manifests are no JSON
      deep             manifests are JSON of depth 10000
      confused         manifests are index and manifest at once (CVE-2021-41190)
      loop-index       an index that names itself (nesting)
      garbage          answers are no HTTP
      cut-upload=N     the first PATCH is cut after N bytes, which are kept
      forget-upload    what an upload has so far is not told
      meet-upload=N    the first N PATCHes wait for each other (503 after 10 s)
      deny-upload      no upload may begin
      busy-upload=N    the first N requests of uploads get 503
      down             connections are closed at once
      search           /v1/search has two results
      empty            it has no blob but what was pushed
      html             errors are HTML pages
"""
import base64
import hashlib
import json
import os
import re
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "tester", "secret"
INDEX = "application/vnd.oci.image.index.v1+json"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}
        self.uploads, self.pushed = {}, {}
        self.tokens = {}
        self.meeting = None

    def count(self, key):
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]


class Options:
    def __init__(self, argv):
        self.layout, self.faults = argv[0], {}
        self.tls = self.auth = self.identity = self.log = self.only = self.client_ca = None
        self.anonymous, self.uses = False, 0
        it = iter(argv[1:])
        for a in it:
            if a == "--tls":
                self.tls = (next(it), next(it))
            elif a == "--anonymous":
                self.anonymous = True
            elif a == "--short-lived":
                self.uses = int(next(it))
            elif a == "--fault":
                k, _, v = next(it).partition("=")
                self.faults[k] = v
            elif a in ("--auth", "--identity", "--log", "--only", "--client-ca"):
                setattr(self, a[2:].replace("-", "_"), next(it))
            else:
                sys.exit("server.py: unknown option " + a)


def tags(layout):
    with open(os.path.join(layout, "index.json")) as f:
        index = json.load(f)
    out = {}
    for m in index["manifests"]:
        name = m.get("annotations", {}).get("org.opencontainers.image.ref.name")
        if name:
            out[name] = m
    return out


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = state = None

    def log_message(self, *args):
        pass

    # --- answers ---------------------------------------------------------------------------
    def note(self):
        if self.options.log:
            with self.state.lock, open(self.options.log, "a") as f:
                f.write("%s %s|%s|%s|%s\n" % (
                    self.command, self.path, self.headers.get("Authorization", ""),
                    self.headers.get("Range", "") or self.headers.get("Content-Range", ""),
                    self.headers.get("Host", "")))

    def answer(self, code, body=b"", media="application/json", **headers):
        self.send_response(code)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, code, name, message, **headers):
        if "html" in self.options.faults:
            return self.answer(code, b"<html><h1>Error</h1></html>", "text/html", **headers)
        body = json.dumps({"errors": [{"code": name, "message": message}]}).encode()
        return self.answer(code, body, **headers)

    # --- authentication --------------------------------------------------------------------
    def basic_ok(self):
        want = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return self.headers.get("Authorization") == want

    def authorised(self, repo):
        o = self.options
        if not o.auth:
            return True
        if o.auth == "basic":
            if self.basic_ok():
                return True
            self.error(401, "UNAUTHORIZED", "authentication required",
                       WWW_Authenticate='Basic realm="test registry"')
            return False
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        want = f"repository:{repo}:pull"
        if self.command not in ("GET", "HEAD"):
            want += ",push"
        if not repo:
            want = ""
        with self.state.lock:
            scope, left = self.state.tokens.get(token, (None, 0))
            good = scope in (want, want + ",push") and left != 0
            if good:
                self.state.tokens[token] = (scope, left - 1)
        if good:
            return True
        scheme = "https" if o.tls else "http"
        self.error(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=(
            f'Bearer realm="{scheme}://{self.headers["Host"]}/token",service="test, quoted",'
            f'scope="{want}"'))
        return False

    def give_token(self, scope, key="token"):
        token = hashlib.sha256(os.urandom(16)).hexdigest()
        with self.state.lock:
            self.state.tokens[token] = (scope, self.options.uses or -1)
        self.answer(200, json.dumps({key: token, "expires_in": 60}).encode())

    def token(self):
        from urllib.parse import parse_qs, urlparse
        q = parse_qs(urlparse(self.path).query)
        if q.get("service") != ["test, quoted"]:
            return self.error(400, "BAD", "wrong service")
        known = self.basic_ok() and q.get("account") == [USER]
        if self.options.identity or not (known or (self.options.anonymous and
                                                   not self.headers.get("Authorization"))):
            return self.error(401, "UNAUTHORIZED", "incorrect username or password")
        return self.give_token(q.get("scope", [""])[0])

    def do_POST(self):
        from urllib.parse import parse_qs
        self.note()
        m = re.fullmatch(r"/v2/(.+)/blobs/uploads/(?:\?.*)?", self.path)
        if m:
            return self.begin_upload(m[1])
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if (self.path != "/token" or form.get("grant_type") != ["refresh_token"] or
                form.get("refresh_token") != [self.options.identity]):
            return self.error(401, "UNAUTHORIZED", "bad refresh token")
        return self.give_token(form["scope"][0], "access_token")

    # --- uploads: distribution-spec, Pushing blobs ------------------------------------------
    def begin_upload(self, repo):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.authorised(repo):
            return None
        if "deny-upload" in self.options.faults:
            return self.error(403, "DENIED", "not for you")
        if self.state.count("upload") <= int(self.options.faults.get("busy-upload", 0)):
            return self.error(503, "UNAVAILABLE", "try again")
        name = os.urandom(8).hex()
        self.state.uploads[name] = b""
        return self.answer(202, Location=f"/v2/{repo}/blobs/uploads/{name}?state=1")

    def upload_of(self):
        m = re.fullmatch(r"/v2/(.+)/blobs/uploads/([0-9a-f]{16})\?(.*)", self.path)
        return m if m and m[2] in self.state.uploads else None

    def tell_upload(self, m, code):
        have = len(self.state.uploads[m[2]])
        return self.answer(code, Location=f"/v2/{m[1]}/blobs/uploads/{m[2]}?state={have}",
                           Range=f"0-{max(have - 1, 0)}")

    def do_PATCH(self):
        self.note()
        m, left = self.upload_of(), int(self.headers["Content-Length"])
        cut = self.options.faults.get("cut-upload")
        if cut and left > int(cut) and self.state.count("patch") == 1:
            self.state.uploads[m[2]] += self.rfile.read(int(cut))
            self.close_connection = True
            self.connection.shutdown(2)
            return None
        body = self.rfile.read(left)
        if self.state.meeting and self.state.count("met") <= self.state.meeting.parties:
            try:
                self.state.meeting.wait(10)
            except threading.BrokenBarrierError:
                return self.error(503, "UNAVAILABLE", "nobody else came")
        start = re.match(r"(\d+)-", self.headers.get("Content-Range", "0-"))
        if not m or int(start[1]) != len(self.state.uploads[m[2]]):
            return self.error(416, "BLOB_UPLOAD_INVALID", "out of step")
        self.state.uploads[m[2]] += body
        return self.tell_upload(m, 202)

    def do_PUT(self):
        from urllib.parse import parse_qs
        self.note()
        body, m = self.rfile.read(int(self.headers["Content-Length"])), self.upload_of()
        if m:
            body = self.state.uploads.pop(m[2]) + body
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            if parse_qs(m[3])["digest"] != [digest]:
                return self.error(400, "DIGEST_INVALID", "these bytes have " + digest)
            self.state.pushed[digest] = body
            return self.answer(201, Docker_Content_Digest=digest)
        self.state.pushed[self.path] = body
        return self.answer(201)

    # --- requests --------------------------------------------------------------------------
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.note()
        if self.path.startswith("http://"):  # asked as a proxy
            self.path = "/" + self.path.split("/", 3)[3]
        faults = self.options.faults
        if "garbage" in faults:
            self.wfile.write(b"\x15\x03\x01 nonsense\r\n\r\n")
            self.close_connection = True
            return None
        if self.options.only and self.headers.get("Host") != self.options.only:
            return self.error(421, "DENIED", "wrong host")
        if "big-head" in faults or "many-heads" in faults:
            big = "big-head" in faults
            self.send_response(200)
            for i in range(50 if big else 300):
                self.send_header("X-%d" % i, "x" * (4096 if big else 1))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        if self.path.startswith("/token"):
            return self.token()
        m = self.upload_of()
        if m:
            return self.error(404, "BLOB_UPLOAD_UNKNOWN", "no such upload") if (
                "forget-upload" in faults) else self.tell_upload(m, 204)
        if self.path.startswith("/v1/search?") and "search" in faults:
            return self.answer(200, json.dumps({"num_results": 2, "query": "x", "results": [
                {"name": "plain", "description": "one\nline \x1b[31m" + "d" * 60,
                 "star_count": 3, "is_official": False, "is_automated": False},
                {"name": "library/great", "description": "", "star_count": 1000,
                 "is_official": True, "is_automated": False}]}).encode())
        if self.path == "/v2/" and self.options.auth and not self.authorised(""):
            return None
        m = re.fullmatch(r"(?:/prefix)?/v2/(.+)/(manifests|blobs)/([^/]+)", self.path)
        if not m:
            return self.answer(200, b"{}") if self.path == "/v2/" else self.error(
                404, "NOT_FOUND", "no such page")
        repo, kind, what = m.groups()
        if not self.authorised(repo):
            return None
        return self.manifest(repo, what) if kind == "manifests" else self.blob(what)

    def manifest(self, repo, what):
        faults = self.options.faults
        if self.state.count("manifest") <= int(faults.get("busy", 0)):
            return self.error(429, "TOOMANYREQUESTS", "slow down", Retry_After="0")
        if "busy-for" in faults:
            return self.error(429, "TOOMANYREQUESTS", "slow down", Retry_After="100000")
        if "big-manifest" in faults:
            return self.answer(200, b" " * (5 << 20), INDEX)
        if "no-json" in faults:
            return self.answer(200, b"<html>", INDEX)
        if "deep" in faults:
            return self.answer(200, b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}", INDEX)
        if "loop-index" in faults and what.startswith("sha256:"):
            what = "latest"  # by digest, too: but its bytes cannot have that digest
        desc = tags(self.options.layout).get(repo.split("/")[-1] + ":" + what)
        digest = what if what.startswith("sha256:") else desc and desc["digest"]
        path = os.path.join(self.options.layout, "blobs/sha256", (digest or "")[7:])
        if not digest or not os.path.isfile(path):
            return self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        with open(path, "rb") as f:
            body = f.read()
        if "wrong-manifest" in faults and what.startswith("sha256:"):
            body += b"\n"
        if "confused" in faults:
            body = json.dumps(dict(json.loads(body), manifests=[])).encode()
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if "lying-digest" in faults:
            digest = "sha256:" + "0" * 64
        return self.answer(200, body, json.loads(body).get("mediaType", INDEX),
                           Docker_Content_Digest=digest)

    def blob(self, digest):
        faults = self.options.faults
        if digest in self.state.pushed:
            return self.answer(200, self.state.pushed[digest])
        path = os.path.join(self.options.layout, "blobs/sha256", digest[7:])
        if not os.path.isfile(path) or "empty" in faults:
            return self.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if "redirect" in faults:
            return self.answer(307, Location=faults["redirect"] + self.path)
        if "loop" in faults:
            return self.answer(307, Location=self.path)
        if "to-plain" in faults:
            return self.answer(307, Location="http://192.0.2.1/x")
        n = self.state.count(digest)
        if n <= int(faults.get("flaky", 0)):
            return self.error(503, "UNAVAILABLE", "try again")
        if "once" in faults and n > 1:
            return self.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        with open(path, "rb") as f:
            body = f.read()
        if "config" in faults or not body.startswith(b"{"):
            body = self.damage(body, n)
        return self.send_blob(body, n)

    def damage(self, body, n):
        faults = self.options.faults
        if "flip" in faults or ("flip-first" in faults and n == 1):
            body = body[:len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[
                len(body) // 2 + 1:]
        if "short" in faults:
            body = body[:-1]
        if "long" in faults:
            body += b"\0" * 512
        return body

    def send_blob(self, body, n):
        faults, start = self.options.faults, 0
        r = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if r and "norange" not in faults:
            start = int(r.group(1))
            if start >= len(body):
                return self.error(416, "RANGE_INVALID", "invalid range")
            if "wrong-range" in faults:
                start -= 1
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if self.command == "HEAD":
            return None
        limit, json_blob = None, body.startswith(b"{")
        if not json_blob and "cut" in faults and n == 1:
            limit = int(faults["cut"])
        if not json_blob and "cut-always" in faults:
            limit = int(faults["cut-always"])
        if not json_blob and "stall" in faults:
            self.wfile.write(body[start:max(start, int(faults["stall"]))])
            self.wfile.flush()
            time.sleep(3600)
        if limit is not None and limit < len(body) - start:
            self.wfile.write(body[start:start + limit])
            self.wfile.flush()
            self.close_connection = True
            return None
        self.wfile.write(body[start:])
        return None

    def setup(self):
        if "down" in self.options.faults:
            self.request.close()
            raise ConnectionResetError
        super().setup()


def main():
    Handler.options = o = Options(sys.argv[1:])
    Handler.state = State()
    if "meet-upload" in o.faults:
        Handler.state.meeting = threading.Barrier(int(o.faults["meet-upload"]))
    server = Server(("127.0.0.1", 0), Handler)
    if o.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*o.tls)
        if o.client_ca:
            context.load_verify_locations(o.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()  # the one who started us is gone, or done


if __name__ == "__main__":
    main()
