/**
 * The staff's requests: session cookie, CSRF header, and the client_id of a write kept over its retries.
 */
import { Problem, call, clientId, problemOf } from '../shared/http.js';

const TRIES = 3;

export class Api {
  csrf = '';

  /** @param {{base?: string, onSignedOut?: () => void, pause?: (ms: number) => Promise<void>}} [how] */
  constructor(how = {}) {
    this.base = how.base ?? '/v1';
    this.onSignedOut = how.onSignedOut ?? (() => {});
    this.pause = how.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** @returns {Promise<{id: string, name: string, role: string, email?: string}>} throws a 401 Problem without a session */
  async restore() {
    const { user, csrf } = await call(`${this.base}/session`, { credentials: 'same-origin' });
    this.csrf = csrf;
    return user;
  }

  /** @param {string} email @param {string} password */
  async signIn(email, password) {
    const options = { body: { email, password }, credentials: /** @type {const} */ ('same-origin') };
    const { user, csrf } = await call(`${this.base}/session`, options);
    this.csrf = csrf;
    return user;
  }

  async signOut() {
    await this.send('DELETE', '/session');
    this.csrf = '';
  }

  /** @param {string} path @param {Record<string, string | number | null | undefined>} [query] @param {AbortSignal} [signal] */
  get(path, query = {}, signal) {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
    }
    return this.send('GET', search.size ? `${path}?${search}` : path, undefined, { signal });
  }

  /** @param {string} path @param {any} [body] @param {AbortSignal} [signal] */
  post(path, body = {}, signal) {
    return this.send('POST', path, body, { signal });
  }

  /** @param {string} path @param {any} body */
  put(path, body) {
    return this.send('PUT', path, body);
  }

  /**
   * A write that repeats are harmless for: the same client_id goes out again while no answer came.
   * @param {string} path @param {any} [body]
   */
  async write(path, body = {}) {
    const whole = { client_id: clientId(), ...body };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.post(path, whole);
      } catch (error) {
        if (!(error instanceof Problem) || !error.passing || attempt >= TRIES) throw error;
        await this.pause(error.retryAfter ?? 400 * attempt);
      }
    }
  }

  /**
   * @param {string} method @param {string} path @param {any} [body]
   * @param {{signal?: AbortSignal, again?: boolean}} [options]
   */
  async send(method, path, body, options = {}) {
    try {
      return await call(`${this.base}${path}`, {
        method, body, signal: options.signal, credentials: 'same-origin', headers: this.#headers(method),
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'csrf_failed' && !options.again) {
        await this.restore();
        return this.send(method, path, body, { ...options, again: true });
      }
      if (error.status === 401) this.onSignedOut();
      throw error;
    }
  }

  /**
   * A file as it is, for imports.
   * @param {string} path @param {Blob} file @param {string} type content type
   */
  async upload(path, file, type) {
    let response;
    try {
      response = await fetch(`${this.base}${path}`, {
        method: 'POST', body: file, credentials: 'same-origin', headers: { ...this.#headers('POST'), 'content-type': type },
      });
    } catch (error) {
      throw new Problem(0, 'unreachable', String(error));
    }
    if (!response.ok) throw await problemOf(response);
    return response.json();
  }

  /** @param {string} path @param {AbortSignal} signal a stream, for the wire */
  stream(path, signal) {
    return fetch(`${this.base}${path}`, {
      signal, credentials: 'same-origin', cache: 'no-store', headers: { accept: 'text/event-stream' },
    });
  }

  /** @param {string} method @returns {Record<string, string>} */
  #headers(method) {
    return method === 'GET' ? {} : { 'x-csrf-token': this.csrf };
  }
}
