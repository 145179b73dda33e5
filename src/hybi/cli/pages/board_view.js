// Paints the board: ink that stays on one canvas; on the other, cleared for each frame, what moves.
// Everything that comes is collected and painted in one animation frame; when nothing moves there
// are no frames. Coordinates are those of demo_board.h.
import { hue } from "/assets/guest.js";

export const kWidth = 1500;
export const kHeight = 1000;
const kSmooth = 45;       // ms in which a cursor goes most of its way
const kFade = 8_000;      // ms without a word after which a cursor fades
const kGone = 10_000;
const kSettled = .3;      // units from where it goes to
// Others may send what they want: what is kept of it is bounded.
export const kMaxPoints = 100;   // of one stroke
export const kMaxCursors = 1000;

// Through the middles between the points, so that few points make a round line.
function trace(context, points) {
  const count = points.length;
  context.beginPath();
  context.moveTo(points[0], points[1]);
  for (let i = 2; i + 3 < count; i += 2) {
    context.quadraticCurveTo(points[i], points[i + 1], (points[i] + points[i + 2]) / 2, (points[i + 1] + points[i + 3]) / 2);
  }
  context.lineTo(points[count - 2], points[count - 1]);
}

export class BoardView {
  #strokes = [];
  #fresh = [];            // of them, not painted yet
  #cursors = new Map();   // by client
  #frame = 0;
  #last = 0;
  own = null;             // the stroke that we draw, or our pen while it is moved by keys

  // `tick(now)` is called in each frame, before it is painted.
  constructor(box, ink, live, tick) {
    this.box = box;
    this.ink = ink.getContext("2d");
    this.live = live.getContext("2d");
    this.tick = tick;
    new ResizeObserver(() => this.#fit()).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#fit());
    this.#fit();
  }

  // --- what there is to see

  add(stroke) {
    this.#strokes.push(stroke);
    this.#fresh.push(stroke);
    this.wake();
  }

  // All there are, from now on.
  set(strokes) {
    this.#strokes = [...strokes];
    this.#repaint();
  }

  // Where a client points to: as on the wire.
  point(client, [x, y, n, c, w]) {
    if (x === undefined) return this.remove(client);
    let cursor = this.#cursors.get(client);
    if (!cursor) {
      // Without frames, in a page that is not seen, nothing else forgets them.
      if (this.#cursors.size >= kMaxCursors) this.#forget(performance.now());
      if (this.#cursors.size >= kMaxCursors) return;
      this.#cursors.set(client, cursor = { x, y, name: "", hue: 0, done: -1 });
    }
    cursor.toX = x;
    cursor.toY = y;
    cursor.at = performance.now();
    if (n === undefined || n <= cursor.done) cursor.drawing = null;
    else if (cursor.drawing?.n === n && cursor.drawing.p.length < 2 * kMaxPoints) cursor.drawing.p.push(x, y);
    else cursor.drawing = { n, c, w, p: [x, y] };
    this.wake();
    return cursor;
  }

  // The stroke has come as a whole; what was seen of it is no longer needed.
  finish(client, n) {
    const cursor = this.#cursors.get(client);
    if (!cursor) return;
    cursor.done = Math.max(cursor.done, n);
    if (cursor.drawing?.n <= n) cursor.drawing = null;
  }

  remove(client) {
    if (this.#cursors.delete(client)) this.wake();
  }

  // Whose cursors they are.
  name(members) {
    for (const [client, cursor] of this.#cursors) {
      const member = members.get(client);
      if (!member || cursor.name === member.user) continue;
      cursor.name = member.user;
      cursor.hue = hue(member.user);
      cursor.sprite = null;
    }
  }

  get cursors() {
    return this.#cursors.size;
  }

  // Of strokes that have not come as a whole yet.
  get points() {
    let count = 0;
    for (const { drawing } of this.#cursors.values()) count += (drawing?.p.length ?? 0) / 2;
    return count;
  }

  #forget(now) {
    for (const [client, cursor] of this.#cursors) if (now - cursor.at > kGone) this.#cursors.delete(client);
  }

  wake() {
    this.#frame ||= requestAnimationFrame(now => this.#paint(now));
  }

  // --- painting

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.box;
    const dense = this.dense = Math.min(window.devicePixelRatio || 1, 2);
    for (const context of [this.ink, this.live]) {
      context.canvas.width = Math.round(width * dense);
      context.canvas.height = Math.round(height * dense);
      context.setTransform(context.canvas.width / kWidth, 0, 0, context.canvas.height / kHeight, 0, 0);
      context.lineCap = context.lineJoin = "round";
    }
    // A label is as large on a small screen.
    this.unit = kWidth / Math.max(width, 1);
    const style = getComputedStyle(document.documentElement);
    this.inks = Array.from({ length: 6 }, (_, i) => style.getPropertyValue(`--ink${i}`).trim());
    this.dark = matchMedia("(prefers-color-scheme: dark)").matches;
    for (const cursor of this.#cursors.values()) cursor.sprite = null;
    this.#repaint();
  }

  #repaint() {
    this.ink.clearRect(0, 0, kWidth, kHeight);
    this.#fresh = [...this.#strokes];
    this.wake();
  }

  #stroke(context, { c, w, p }) {
    context.strokeStyle = this.inks[c] ?? this.inks[0];
    context.lineWidth = w;
    trace(context, p);
    context.stroke();
  }

  #paint(now) {
    const passed = Math.min(now - this.#last, 100);
    this.#last = now;
    this.#frame = 0;
    this.tick(now);
    for (const stroke of this.#fresh) this.#stroke(this.ink, stroke);
    this.#fresh = [];

    this.live.clearRect(0, 0, kWidth, kHeight);
    const part = 1 - Math.exp(-passed / kSmooth);
    let moving = false;
    this.#forget(now);
    for (const cursor of this.#cursors.values()) {
      cursor.x += (cursor.toX - cursor.x) * part;
      cursor.y += (cursor.toY - cursor.y) * part;
      if (Math.abs(cursor.toX - cursor.x) + Math.abs(cursor.toY - cursor.y) > kSettled) moving = true;
      if (cursor.drawing) this.#drawing(cursor);
    }
    if (this.own) this.#own();
    for (const cursor of this.#cursors.values()) this.#cursor(cursor, now - cursor.at);
    if (moving) this.wake();
    else if (this.#cursors.size) this.#later();
  }

  // Nothing moves, but cursors have to fade.
  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), 200);
  }

  // As far as the cursor has come by now.
  #drawing({ drawing: { c, w, p }, x, y }) {
    this.#stroke(this.live, { c, w, p: [...p.slice(0, -2), x, y] });
  }

  #own() {
    const { p, c, w } = this.own;
    if (p.length) this.#stroke(this.live, this.own);
    if (!this.own.keys) return;
    const [x, y] = this.own.keys;
    this.live.fillStyle = this.inks[c];
    this.live.beginPath();
    this.live.arc(x, y, Math.max(w / 2, 3 * this.unit), 0, 2 * Math.PI);
    this.live.fill();
  }

  // Arrow and name, painted once: text for fifty cursors in each frame is too much for some machines.
  #sprite({ name, hue }) {
    const sprite = document.createElement("canvas"), context = sprite.getContext("2d");
    const font = "600 11px system-ui, sans-serif";
    context.font = font;
    const width = name ? Math.ceil(context.measureText(name).width) + 8 : 0;
    sprite.width = Math.ceil((width + 12) * this.dense);
    sprite.height = Math.ceil(31 * this.dense);
    context.scale(this.dense, this.dense);
    context.fillStyle = this.dark ? `hsl(${hue} 70% 68%)` : `hsl(${hue} 65% 38%)`;
    context.fill(new Path2D("M0 0L4.5 14L7.5 8.5L14 8Z"));
    if (name) {
      context.beginPath();
      context.roundRect(10, 14, width, 16, 4);
      context.fill();
      context.font = font;
      context.fillStyle = this.dark ? "#0e1414" : "#ffffff";
      context.textBaseline = "middle";
      context.fillText(name, 14, 22.5);
    }
    return sprite;
  }

  #cursor(cursor, age) {
    const { live, unit, dense } = this;
    const sprite = cursor.sprite ??= this.#sprite(cursor);
    if (age > kFade) live.globalAlpha = Math.max(0, (kGone - age) / (kGone - kFade));
    live.drawImage(sprite, cursor.x, cursor.y, sprite.width / dense * unit, sprite.height / dense * unit);
    live.globalAlpha = 1;
  }
}
