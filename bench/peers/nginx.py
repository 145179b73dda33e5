#!/usr/bin/env python3
"""Peer: nginx with static files. /files/... below --root.

  nginx.py --nginx PROGRAM --root DIRECTORY [--port P]

Writes a configuration beside the root and becomes nginx, in one process that stays in the foreground: what is
measured and ended is this process. nginx cannot choose a port, so one is bound here, which reserves it, and
bound again by nginx; who listens is nginx alone.
Tuned in its favour: sendfile, descriptors of files kept open, no log, connections that never end.
"""

import argparse
import os
import pathlib
import socket
import time

CONFIGURATION = """
daemon off;
master_process off;
worker_processes 1;
pid {here}/nginx.pid;
error_log stderr error;
events {{
  worker_connections 16384;
  multi_accept on;
}}
http {{
  access_log off;
  types {{ text/html html; }}
  sendfile on;
  tcp_nopush on;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 1s;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_temp_path {here}/body;
  proxy_temp_path {here}/proxy;
  fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi;
  scgi_temp_path {here}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /files/ {{ alias {root}/; }}
  }}
}}
"""


def announce(port, server):
    """Prints the line that the runner waits for as soon as `server`, our parent, listens."""
    while os.getppid() == server:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
            continue
        print(f"listening {port}", flush=True)
        return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nginx", required=True)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    root = options.root.resolve()
    here = root.parent

    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as nginx does
    reserved.bind(("127.0.0.1", options.port))
    reserved.set_inheritable(True)  # until nginx ends
    port = reserved.getsockname()[1]
    file = here / "nginx.conf"
    file.write_text(CONFIGURATION.format(here=here, root=root, port=port))
    server = os.getpid()
    if os.fork() == 0:
        announce(port, server)
        os._exit(0)
    os.execv(options.nginx, ["nginx", "-p", str(here), "-e", "stderr", "-c", str(file)])


main()
