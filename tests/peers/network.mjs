// A network that can be stopped: a proxy on a port of its own to a server whose port may change.
import { createServer, connect } from "node:net";
import { once } from "node:events";

export class Network {
  #sockets = new Set();
  #up = true;
  port;   // of the proxy
  target; // of the server

  static async to(target) {
    const network = new Network();
    network.target = target;
    network.server = createServer(from => network.#join(from));
    network.server.listen(0, "127.0.0.1");
    await once(network.server, "listening");
    network.port = network.server.address().port;
    return network;
  }

  // What is open is cut, and nobody gets through.
  stop() {
    this.#up = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  start() {
    this.#up = true;
  }

  close() {
    this.stop();
    this.server.close();
  }

  #join(from) {
    if (!this.#up) return from.destroy();
    const to = connect(this.target, "127.0.0.1");
    for (const [one, other] of [[from, to], [to, from]]) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
