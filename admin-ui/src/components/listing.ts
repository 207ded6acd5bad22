/** What a list shows, as its page's address says it. The server filters, sorts and pages. */
export interface ListSearch {
  q?: string | undefined;
  sort?: string | undefined;
  order?: 'asc' | 'desc' | undefined;
  /** The last row of the page before. */
  after?: string | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Reads a list's part of an address; what a list does not know is left out. */
export function listSearch(search: Record<string, unknown>): ListSearch {
  const order = search.order === 'asc' || search.order === 'desc' ? search.order : undefined;
  // The router reads digits as a number; an audit entry's id is one.
  const after = typeof search.after === 'number' ? String(search.after) : text(search.after);
  return { q: text(search.q), sort: text(search.sort), order, after };
}

export const PAGE_ROWS = 25;

/** `?limit=25&sort=name`: the query of a list's route. */
export function listParameters(search: ListSearch, rows = PAGE_ROWS): string {
  const parameters = new URLSearchParams({ limit: String(rows) });
  for (const key of ['q', 'sort', 'order', 'after'] as const) {
    const value = search[key];
    if (value !== undefined) parameters.set(key, value);
  }
  return `?${parameters}`;
}

/** A click on a header: upwards, downwards, then as the server lists by itself, each from its first page. */
export function withSort(search: ListSearch, column: string): ListSearch {
  const first = { ...search, after: undefined };
  if (search.sort !== column) return { ...first, sort: column, order: 'asc' };
  if (search.order === 'asc') return { ...first, order: 'desc' };
  return { ...first, sort: undefined, order: undefined };
}

export function sorted(search: ListSearch, column: string): 'ascending' | 'descending' | 'none' {
  if (search.sort !== column) return 'none';
  return search.order === 'desc' ? 'descending' : 'ascending';
}
