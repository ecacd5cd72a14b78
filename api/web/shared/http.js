/**
 * One request to the API: JSON in, JSON out, every failure a Problem.
 *
 * A Problem with status 0 means that no answer came (offline, cut off, timed out): nobody knows whether
 * the server took the write, so it is sent again with the same client_id.
 */

const TIMEOUT = 15_000;

export class Problem extends Error {
  /**
   * @param {number} status HTTP status, 0 when no answer came
   * @param {string} code stable snake_case code of the contract, or `unreachable` / `timeout` / `http_NNN`
   * @param {string} [detail]
   * @param {{field?: string, retryAfter?: number, body?: any}} [more] retryAfter in milliseconds; body: the whole answer
   */
  constructor(status, code, detail = '', more = {}) {
    super(detail || code);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.field = more.field;
    this.retryAfter = more.retryAfter;
    this.body = more.body;
  }

  /** Whether sending the same again later can succeed. */
  get passing() {
    return this.status === 0 || this.status >= 500 || this.status === 408 || this.status === 425 || this.status === 429;
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function problemOf(response) {
  const seconds = Number.parseFloat(response.headers.get('retry-after') ?? '');
  const retryAfter = Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : undefined;
  const body = await response.json().catch(() => ({}));
  return new Problem(response.status, body.code ?? `http_${response.status}`, body.detail ?? body.title ?? '', {
    field: body.field,
    retryAfter,
    body,
  });
}

/**
 * @param {string | URL} url
 * @param {{method?: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal,
 *          timeout?: number, credentials?: RequestCredentials, fetch?: typeof fetch}} [options]
 *        a body makes it a POST; timeout in milliseconds
 * @returns {Promise<any>} the parsed JSON, or null for 204
 * @throws {Problem} for everything but 2xx; an abort by the caller's own signal is thrown as it is
 */
export async function call(url, options = {}) {
  const { body, headers = {}, signal, timeout = TIMEOUT, credentials = 'omit' } = options;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const send = options.fetch ?? globalThis.fetch;
  const limit = AbortSignal.timeout(timeout);
  let response;
  try {
    response = await send(url, {
      method,
      credentials,
      cache: 'no-store',
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, limit.aborted ? 'timeout' : 'unreachable', String(error));
  }
  throw await problemOf(response);
}

/** @returns {string} a fresh client_id: random, 1–64 of [A-Za-z0-9-]; works on plain http as well */
export function clientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
