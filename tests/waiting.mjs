// Waiting for what a test expects, with a deadline far beyond what anything here takes, also on a busy machine.
export const kPatience = 60_000;

export function withDeadline(promise, milliseconds, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${milliseconds} ms: ${what}`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Asks again and again until `condition` gives something true.
export async function until(condition, what, milliseconds = kPatience) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const got = await condition();
    if (got) return got;
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
