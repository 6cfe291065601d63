#!/usr/bin/env python3
"""An HTTP server on loopback for the tests of data/: python3 serve.py FOLDER LOG PORT-FILE

It serves FOLDER with ranges, and writes a line "PATH RANGE" to LOG for each request. Under /cut/ the
first answer to each path breaks off in the middle; under /busy/ it is 503; under /whole/ ranges are
ignored. It ends with its standard input."""
import http.server
import os
import re
import sys
import threading

FOLDER, LOG, PORT_FILE = sys.argv[1:4]


class Handler(http.server.BaseHTTPRequestHandler):
    seen = set()

    def do_GET(self):
        asked = self.headers.get("Range", "-")
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(f"{self.path} {asked}\n")
        manner, path = re.fullmatch(r"(?:/(cut|busy|whole)(?=/))?/(.*)", self.path).groups()
        first = self.path not in self.seen
        self.seen.add(self.path)
        try:
            with open(os.path.join(FOLDER, path), "rb") as file:
                data = file.read()
        except OSError:
            return self.send_error(404)
        if manner == "busy" and first:
            return self.send_error(503)
        start = int(asked[len("bytes="):-1]) if asked != "-" and manner != "whole" else 0
        if start and start >= len(data):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:start + (len(data) - start) // 2] if manner == "cut" and first
                         else data[start:])

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(PORT_FILE + ".new", "w", encoding="utf-8") as port_file:
    port_file.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
