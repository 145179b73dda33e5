// Every export of hybi.d.ts, used as it is meant. package_test.mjs compiles this against the packed package.
import Default, {
  Hybi, HybiError, type Data, type Deadline, type History, type HybiEvents, type Member, type Message, type Options,
  type Position, type Published, type SubscribeOptions, type Subscription, type SubscriptionEvents,
} from "hybi";

class Socket {
  constructor(readonly url: string, readonly protocols: string) {}
}

const options: Options = {
  token: async () => "t", WebSocket: Socket, minDelay: 1, maxDelay: 2, maxQueue: 3, timeout: 4, pingInterval: 5,
};
const client: Hybi = new Default(new URL("https://a.example/live"), options);
new Hybi("/live", { token: "t" });
const state: "closed" | "connecting" | "open" | "waiting" = client.state;
const id: string | undefined = client.id, url: string = client.url;

const off: () => void = client.on("open", ({ client }) => client.toUpperCase());
client.on("close", ({ code, reason, delay }) => [code.toFixed(), reason.length, delay?.toFixed()]);
client.on("error", error => error.message);
client.on("subscription", subscription => subscription.unsubscribe());
client.on("news", (data: Data) => data.anything);
const opened = (event: HybiEvents["open"]) => event.client;
client.off("open", opened);
off();

const since: Position = { epoch: 1, offset: 2 };
const wanted: SubscribeOptions = { since, history: 3 };
const room: Subscription = client.subscribe("room/42", wanted);
const at: Position | undefined = room.position;
room.on("message", ({ channel, data, offset, publisher }: Message) => [channel, data, offset?.toFixed(), publisher?.length]);
room.on("subscribed", ({ recovered }) => recovered === true);
room.on("unsubscribed", ({ code, message }) => [code?.length, message?.length]);
room.on("gap", ({ missed }) => missed?.toFixed());
room.on("join", (member: Member) => [member.client.length, member.user?.length, member.info]);
room.on("leave", ({ client }) => client.length);
const failed = (error: SubscriptionEvents["error"]) => [error.code, error.retryMs?.toFixed(), error instanceof HybiError];
room.on("error", failed);
room.off("error", failed);

export async function all(): Promise<unknown> {
  client.connect();
  const deadline: Deadline = { timeout: 1000 };
  const done: Published = await room.publish({ text: "x" }, { key: "k", ...deadline });
  const past: History = await client.history("room/42", { since: at, limit: 5, timeout: 1 });
  const members: Member[] = await room.presence(deadline);
  const { clients, users }: { clients: number; users: number } = await client.count("room/42");
  const answer: Data = await client.call("sum", [1, 2], { retry: true, ...deadline });
  const kept: boolean = client.send("say");
  client.handle("how old", async (data: Data) => data ?? 42);
  client.handle("no", () => { throw new HybiError("too_young", "not yet", 100); });
  for await (const { data } of room) if (data) break;
  room.unsubscribe();
  client.close();
  return [state, id, url, room.channel, room.state, done.duplicate, done.epoch, past.complete, past.publications[0]?.data, members,
          clients, users, answer, kept, await client.publish("room/42", 1), await room.history(), await room.count(),
          await client.presence("room/42")];
}
