/** A refusal or failure of the server, in the shape every route answers with. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string | null,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

type Ended = () => void;
const endedListeners = new Set<Ended>();

/** Called when the server says that this session is over; the frame then shows the sign-in page. */
export function onSessionEnded(listener: Ended): () => void {
  endedListeners.add(listener);
  return () => endedListeners.delete(listener);
}

function sessionEnded() {
  endedListeners.forEach((listener) => listener());
}

/** Reads an error body; anything that is not one (a proxy's page, nothing) still gives a sentence. */
export function errorFrom(status: number, body: string): ApiError {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) {
      const { error } = parsed as { error: { message?: string; code?: string | null; param?: string | null } };
      return new ApiError(status, error.code ?? null, error.message ?? `The server answered ${status}.`, error.param);
    }
  } catch {
    // Not JSON: the status has to do.
  }
  if (status === 0) return new ApiError(0, 'unreachable', 'The server does not answer. Is it still running?');
  return new ApiError(status, null, `The server answered ${status} without saying why.`);
}

/** The server demands it with a session's cookie: a foreign page's request can't carry it. */
const SESSION_HEADER = 'X-Graft-Session';

/** One request with the session's cookie. Throws {@link ApiError} for everything but a 2xx. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const headers = new Headers(init.headers);
    headers.set(SESSION_HEADER, 'ui');
    response = await fetch(path, { credentials: 'same-origin', ...init, headers });
  } catch (failure) {
    if (init.signal?.aborted) throw failure;
    throw errorFrom(0, '');
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== '/admin/v1/session') sessionEnded();
  throw errorFrom(response.status, await response.text());
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, { signal })).json()) as T;
}

export async function send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  const text = await (await request(path, init)).text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export interface UploadProgress {
  sentBytes: number;
  totalBytes: number;
  bytesPerSecond: number;
}

/**
 * Sends a form with progress. XMLHttpRequest, because fetch does not report what was sent; the browser streams the
 * files from disk, so memory stays constant.
 */
export function upload<T>(
  path: string,
  form: FormData,
  onProgress: (progress: UploadProgress) => void,
  signal: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const started = performance.now();
    const xhr = new XMLHttpRequest();
    xhr.open('POST', path);
    xhr.setRequestHeader(SESSION_HEADER, 'ui');
    xhr.upload.onprogress = (event) => {
      const seconds = Math.max(0.001, (performance.now() - started) / 1000);
      onProgress({ sentBytes: event.loaded, totalBytes: event.total, bytesPerSecond: event.loaded / seconds });
    };
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText) as T);
      else {
        if (xhr.status === 401) sessionEnded();
        reject(errorFrom(xhr.status, xhr.responseText));
      }
    };
    xhr.onerror = () => reject(errorFrom(0, ''));
    xhr.onabort = () => reject(new DOMException('Upload cancelled', 'AbortError'));
    signal.addEventListener('abort', () => xhr.abort());
    xhr.send(form);
  });
}
