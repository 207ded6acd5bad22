import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { ApiError, get, send } from '../api/client';
import type { Scope, Session } from '../api/types';

/** Who is signed in; null if nobody is. The key itself never stays in the page. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await get<Session>('/admin/v1/session');
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export async function signIn(queries: QueryClient, key: string): Promise<void> {
  const session = await send<Session>('POST', '/admin/v1/session', { key });
  queries.clear();
  queries.setQueryData(sessionQuery.queryKey, session);
}

export async function signOut(queries: QueryClient): Promise<void> {
  await send('DELETE', '/admin/v1/session');
  forgetTexts(localStorage);
  queries.clear();
  queries.setQueryData(sessionQuery.queryKey, null);
}

/** What was typed belongs to who typed it: of what this browser keeps only the theme outlives the session. */
export function forgetTexts(shelf: Storage) {
  for (const key of Object.keys(shelf)) {
    if (key.startsWith('graft.')) shelf.removeItem(key);
  }
}

export function mayDo(session: Session | null | undefined, scope: Scope): boolean {
  return !!session && (session.scopes.includes('admin') || session.scopes.includes(scope));
}

export function useMay(scope: Scope): boolean {
  return mayDo(useQuery(sessionQuery).data, scope);
}
