// npm's modules are those of tests/, which tools/npm_install installs.
import { createRequire } from "node:module";

export const root = new URL("../../", import.meta.url);
export const { WebSocket, WebSocketServer } = createRequire(new URL("tests/package.json", root))("ws");
