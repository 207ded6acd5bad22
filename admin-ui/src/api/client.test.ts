import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, errorFrom, get, onSessionEnded, send } from './client';

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: string) {
  const fetch = vi.fn(async (path: string, init: RequestInit) => {
    expect(path.startsWith('/')).toBe(true);
    expect(init.credentials).toBe('same-origin');
    return new Response(status === 204 ? null : body, { status });
  });
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

describe('a request', () => {
  it('carries the header that a foreign page can not set, and no key', async () => {
    const fetch = answering(200, '{"id":"t"}');
    await send('POST', '/admin/v1/tenants', { name: 'x' });
    const headers = fetch.mock.calls[0]?.[1].headers as Headers;
    expect(headers.get('X-Graft-Session')).toBe('ui');
    expect(headers.get('Authorization')).toBeNull();
  });

  it('fails with the server’s own words', async () => {
    answering(404, '{"error":{"message":"There is no such store.","type":"x","param":null,"code":"not_found"}}');
    const failure = await get('/v1/vector_stores/x').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect((failure as ApiError).message).toBe('There is no such store.');
    expect((failure as ApiError).code).toBe('not_found');
  });

  it('tells that the session is over, but not when asking who is signed in', async () => {
    const ended = vi.fn();
    const forget = onSessionEnded(ended);
    answering(401, '{"error":{"message":"No.","type":"x","param":null,"code":"invalid_api_key"}}');
    await get('/admin/v1/session').catch(() => undefined);
    expect(ended).not.toHaveBeenCalled();
    await get('/v1/models').catch(() => undefined);
    expect(ended).toHaveBeenCalledOnce();
    forget();
  });

  it('without an answer says so', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => Promise.reject(new TypeError('network'))),
    );
    await expect(get('/v1/models')).rejects.toThrow('does not answer');
  });

  it('with an empty answer is no failure', async () => {
    answering(204, '');
    await expect(send('DELETE', '/admin/v1/session')).resolves.toBeUndefined();
  });
});

it('a page that is no error body still gives a sentence', () => {
  expect(errorFrom(502, '<html>').message).toBe('The server answered 502 without saying why.');
});
