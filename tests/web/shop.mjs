/** Starts the misbehaving shop for a node test, and what browsers have and node lacks. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** @returns {Promise<{base: string, mock: (body: any) => Promise<any>, stop: () => void}>} */
export async function openShop() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./mock.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => child.stdout.once('data', resolve));
  const { port } = JSON.parse(String(line));
  const origin = `http://127.0.0.1:${port}`;
  const mock = async (body) => {
    const response = await fetch(`${origin}/__mock`, { method: 'POST', body: JSON.stringify(body) });
    return response.json();
  };
  return { base: `${origin}/v1/`, mock, stop: () => child.kill() };
}

/** Web Locks as one process needs them: exclusive, in order, given up on abort. */
export function makeLocks() {
  const lines = new Map();
  return {
    async request(name, options, work = options) {
      const before = lines.get(name) ?? Promise.resolve();
      const signal = typeof options === 'object' ? options.signal : undefined;
      let free;
      lines.set(name, before.then(() => new Promise((resolve) => (free = resolve))));
      const aborted = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
      try {
        await (signal ? Promise.race([before, aborted]) : before);
        return await work();
      } finally {
        before.then(() => free());
      }
    },
  };
}

/** localStorage without a browser. */
export function makeStorage() {
  const held = new Map();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, value), removeItem: (key) => held.delete(key) };
}

/** Waits until `condition` holds. */
export async function until(condition, ms = 5_000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not so: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
