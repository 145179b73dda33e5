// Types of hybi.js, and what its members mean.

/** JSON. */
export type Data = any;

/** After which publication of which stream. Keep it to come back to it: `subscribe(channel, {since})`. */
export interface Position {
  epoch: number;
  offset: number;
}

export interface Message {
  channel: string;
  data: Data;
  /** If the channel keeps a history. */
  offset?: number;
  /** `client.id` of the one that published it; undefined: the application. */
  publisher?: string;
}

export interface Member {
  client: string;
  user?: string;
  info?: Data;
}

export interface Published extends Partial<Position> {
  /** It was there already under this key. */
  duplicate?: boolean;
}

export interface History extends Partial<Position> {
  publications: { data: Data; offset?: number; publisher?: string }[];
  /** Nothing is missing after `since`. */
  complete: boolean;
}

export interface Options {
  /** For hybi:connect. The function is called again when the server closes with 4401, but not twice in a row. */
  token?: string | (() => string | Promise<string>);
  /** For a Node before 22: the one of npm `ws`. */
  WebSocket?: any;
  /** ms before the first attempt to come back; doubles up to `maxDelay`, and half of it is random. 500. */
  minDelay?: number;
  /** 30,000. */
  maxDelay?: number;
  /** How many messages may wait to be sent; above, they fail with `queue_full`. So many of a subscription may wait until
      it is complete; above, the history is asked for them. 1000. */
  maxQueue?: number;
  /** ms for a question until its answer, including the time it waits to be sent; then `timeout`. When it comes back, the
      server has so long, but at least 10 s, to tell what was missed. 30,000. */
  timeout?: number;
  /** ms of silence until the server is asked whether it is there. 25,000. */
  pingInterval?: number;
}

export interface Deadline {
  /** Instead of `Options.timeout`. */
  timeout?: number;
}

/** `code`: the server's, or `timeout`, `disconnected`, `queue_full`, `closed`. */
export class HybiError extends Error {
  constructor(code: string, message?: string, retryMs?: number);
  code: string;
  /** With `too_fast`: try again after so many ms. */
  retryMs?: number;
}

export interface SubscribeOptions {
  /** Begin after this position. */
  since?: Position;
  /** Begin with so many of the latest messages. */
  history?: number;
}

export interface SubscriptionEvents {
  message: Message;
  /** Also after each reconnect. `recovered: false`: messages may be missing before the next one. */
  subscribed: { recovered: boolean };
  /** For good; `code` is `unsubscribed`, an error's, or the server's. */
  unsubscribed: { code?: string; message?: string };
  /** So many messages are missing here (undefined: unknown), and the history does not have them. */
  gap: { missed?: number };
  join: Member;
  leave: Member;
  error: HybiError;
}

export interface Subscription extends AsyncIterable<Message> {
  readonly channel: string;
  readonly state: "subscribing" | "subscribed" | "unsubscribed";
  /** Of the last message, if the channel keeps a history. */
  readonly position: Position | undefined;
  /** Returns a function that takes `fn` off again. */
  on<E extends keyof SubscriptionEvents>(event: E, fn: (value: SubscriptionEvents[E]) => void): () => void;
  off<E extends keyof SubscriptionEvents>(event: E, fn: (value: SubscriptionEvents[E]) => void): void;
  /** Done once, also when it has to be sent again after a reconnect. `key`: your own idempotency key. */
  publish(data: Data, options?: { key?: string } & Deadline): Promise<Published>;
  history(options?: { since?: Position; limit?: number } & Deadline): Promise<History>;
  presence(options?: Deadline): Promise<Member[]>;
  count(options?: Deadline): Promise<{ clients: number; users: number }>;
  unsubscribe(): void;
}

export interface HybiEvents {
  open: { client: string };
  /** A connection or an attempt has ended. `delay`: ms until the next attempt; undefined: there is none. */
  close: { code: number; reason: string; delay?: number };
  error: Error;
  /** The server has subscribed this client to a channel. */
  subscription: Subscription;
}

export class Hybi {
  /** `url` may be relative to the page; http is taken for ws. */
  constructor(url: string | URL, options?: Options);
  readonly url: string;
  readonly state: "closed" | "connecting" | "open" | "waiting";
  /** What the server calls this connection. */
  readonly id: string | undefined;
  connect(): void;
  /** What is not answered fails with `closed`. Subscriptions stay: connect() goes on with them. */
  close(): void;
  on<E extends keyof HybiEvents>(event: E, fn: (value: HybiEvents[E]) => void): () => void;
  /** An event of the application. */
  on(event: string, fn: (data: Data) => void): () => void;
  off(event: string, fn: (value: any) => void): void;
  /** Of one channel there is one Subscription, until it is unsubscribed. */
  subscribe(channel: string, options?: SubscribeOptions): Subscription;
  publish(channel: string, data: Data, options?: { key?: string } & Deadline): Promise<Published>;
  history(channel: string, options?: { since?: Position; limit?: number } & Deadline): Promise<History>;
  presence(channel: string, options?: Deadline): Promise<Member[]>;
  count(channel: string, options?: Deadline): Promise<{ clients: number; users: number }>;
  /** `retry`: ask again if the connection is lost before the answer; the server may then do it twice. */
  call(event: string, data?: Data, options?: { retry?: boolean } & Deadline): Promise<Data>;
  /** No answer. False: there is no room to keep it until the connection is back, or until it is sent. */
  send(event: string, data?: Data): boolean;
  /** Answers the server's questions. To refuse one, throw a HybiError. */
  handle(event: string, fn: (data: Data) => Data | Promise<Data>): void;
}

export default Hybi;
