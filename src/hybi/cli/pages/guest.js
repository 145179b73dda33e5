// Who we are, for the pages with channels. The server gives us our name (guest.h); the secret in
// the token is how it knows us when we come back. It is of this tab, which may be loaded again.

// Works where it is not allowed to keep anything, too.
function stored(storage, key, value) {
  try {
    if (value !== undefined) window[storage].setItem(key, value);
    return window[storage].getItem(key);
  } catch {
    return value ?? null;
  }
}

// crypto.randomUUID() is not there for pages that came without TLS.
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, "0")).join("");

const secret = stored("sessionStorage", "hybi-secret") ?? random();
const tag = stored("sessionStorage", "hybi-tag") ?? random();
stored("sessionStorage", "hybi-secret", secret);
stored("sessionStorage", "hybi-tag", tag);

export const token = name => JSON.stringify({ name, id: secret });
export const remember = name => stored("localStorage", "hybi-name", name);
export const remembered = () => stored("localStorage", "hybi-name") ?? "";

// For what we say or draw: unique, and told from what others did also after a reload.
export const newId = () => `${tag}.${random()}`;
export const isOwn = id => id.startsWith(`${tag}.`);

// A colour that stays with a name, far from those of similar names (FNV-1a).
export function hue(name) {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0), 16777619) >>> 0;
  return hash % 360;
}

// Who is in a channel, kept right by its events. `changed(people, {joined, left})` is called with
// the members by client id after every change, and with the name of who has come or gone.
export class People {
  members = new Map();
  #news = 0;

  constructor(room, changed) {
    this.room = room;
    this.changed = changed;
    room.on("join", member => this.#take(member, true));
    room.on("leave", member => this.#take(member, false));
  }

  // After each (re)connect. What happens while we wait for the list may or may not be in it.
  async ask() {
    let news;
    do {
      news = this.#news;
      const list = await this.room.presence();
      this.members = new Map(list.map(member => [member.client, member]));
      this.changed(this.members, {});
    } while (news !== this.#news);
  }

  has(user) {
    return [...this.members.values()].some(member => member.user === user);
  }

  // A user with several clients comes with the first and goes with the last one.
  #take(member, here) {
    ++this.#news;
    const known = this.has(member.user);
    if (here) {
      this.members.set(member.client, member);
    } else {
      for (const [client, { user }] of this.members) if (user === member.user) this.members.delete(client);
    }
    this.changed(this.members, known === here ? {} : here ? { joined: member.user } : { left: member.user });
  }
}
