import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { listParameters, type ListSearch } from '../components/listing';
import { get, request } from './client';
import type {
  ApiKey,
  AuditEntry,
  Bucket,
  BudgetState,
  Chunk,
  CostResult,
  EngineState,
  KnowledgeStore,
  Limits,
  List,
  Model,
  PriceBook,
  Retrieval,
  StoredFile,
  StoreFile,
  Tenant,
  UsagePage,
  UsageResult,
} from './types';

/** Everything the server knows is read through these, so that one key names one thing. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => get<List<Model>>('/v1/models', signal),
});

export const engineQuery = queryOptions({
  queryKey: ['engine'],
  queryFn: ({ signal }) => get<EngineState>('/admin/v1/engine', signal),
  refetchInterval: 2_000,
  // Every reading is a new object, so that a line of readings goes on while nothing changes.
  structuralSharing: false,
});

export const readyQuery = queryOptions({
  queryKey: ['ready'],
  queryFn: async ({ signal }) => {
    const response = await fetch('/health/ready', { signal });
    return response.ok ? ('serving' as const) : ('loading' as const);
  },
  refetchInterval: 5_000,
  retry: false,
});

/** The newest hundred: for menus and what needs attention. */
export const storesQuery = queryOptions({
  queryKey: ['stores'],
  queryFn: ({ signal }) => get<List<KnowledgeStore>>('/v1/vector_stores?limit=100', signal),
});

/** A page of the stores, newest first. */
export const storeListQuery = (search: ListSearch) =>
  queryOptions({
    queryKey: ['stores', 'list', search],
    queryFn: ({ signal }) => get<List<KnowledgeStore>>(`/v1/vector_stores${listParameters(search)}`, signal),
    placeholderData: keepPreviousData,
  });

export const storeQuery = (id: string) =>
  queryOptions({
    queryKey: ['stores', id],
    queryFn: ({ signal }) => get<KnowledgeStore>(`/v1/vector_stores/${encodeURIComponent(id)}`, signal),
    // Only while something is being read in.
    refetchInterval: (query) => ((query.state.data?.file_counts.in_progress ?? 0) > 0 ? 1_000 : false),
  });

export const storeFilesQuery = (id: string, search: ListSearch = {}) =>
  queryOptions({
    queryKey: ['stores', id, 'files', 'list', search],
    queryFn: ({ signal }) =>
      get<List<StoreFile>>(`/v1/vector_stores/${encodeURIComponent(id)}/files${listParameters(search)}`, signal),
    // Only while something is being read in.
    refetchInterval: (query) => (query.state.data?.data.some((file) => file.status === 'in_progress') ? 1_000 : false),
    placeholderData: keepPreviousData,
  });

/** Where the document was cut; one revision, so that the list is whole. */
export const chunksQuery = (store: string, file: string) =>
  queryOptions({
    queryKey: ['stores', store, 'files', file, 'chunks'],
    queryFn: async ({ signal }) => {
      const path = `/admin/v1/vector_stores/${encodeURIComponent(store)}/files/${encodeURIComponent(file)}/chunks`;
      const chunks: Chunk[] = [];
      for (let after = ''; ;) {
        const page = await get<List<Chunk>>(`${path}?limit=1000${after}`, signal);
        chunks.push(...page.data);
        if (!page.has_more) return chunks;
        after = `&after=${page.last_id}`;
      }
    },
  });

export const fileQuery = (id: string) =>
  queryOptions({
    queryKey: ['files', id],
    queryFn: ({ signal }) => get<StoredFile>(`/v1/files/${encodeURIComponent(id)}`, signal),
    staleTime: Infinity,
  });

/** The stored text, to which a citation's offsets refer. */
export const contentQuery = (store: string, file: string) =>
  queryOptions({
    queryKey: ['stores', store, 'files', file, 'content'],
    queryFn: async ({ signal }) => {
      const path = `/v1/vector_stores/${encodeURIComponent(store)}/files/${encodeURIComponent(file)}/content`;
      const page = await get<{ data: { text: string }[] }>(path, signal);
      return page.data.map((part) => part.text).join('');
    },
  });

/** A record never changes. */
export const retrievalQuery = (id: string) =>
  queryOptions({
    queryKey: ['retrievals', id],
    queryFn: ({ signal }) => get<Retrieval>(`/admin/v1/retrievals/${encodeURIComponent(id)}`, signal),
    staleTime: Infinity,
  });

/** The first hundred by name: what menus and names in tables need. */
export const tenantsQuery = queryOptions({
  queryKey: ['tenants'],
  queryFn: ({ signal }) => get<List<Tenant>>('/admin/v1/tenants?limit=100&sort=name', signal),
});

export const tenantListQuery = (search: ListSearch) =>
  queryOptions({
    queryKey: ['tenants', 'list', search],
    queryFn: ({ signal }) => get<List<Tenant>>(`/admin/v1/tenants${listParameters(search)}`, signal),
    placeholderData: keepPreviousData,
  });

export const tenantQuery = (id: string) =>
  queryOptions({
    queryKey: ['tenants', id],
    queryFn: ({ signal }) => get<Tenant>(`/admin/v1/tenants/${encodeURIComponent(id)}`, signal),
  });

export const limitsQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['tenants', tenant, 'limits'],
    queryFn: ({ signal }) => get<Limits>(`/admin/v1/tenants/${encodeURIComponent(tenant)}/limits`, signal),
    staleTime: Infinity,
  });

export const pricesQuery = queryOptions({
  queryKey: ['prices'],
  queryFn: ({ signal }) => get<PriceBook>('/admin/v1/prices', signal),
});

/** What an audit list is narrowed to. */
export interface AuditOf {
  tenant?: string | undefined;
  object?: string | undefined;
}

/** Newest first, by what is done; `q` is the beginning of an action. */
export const auditQuery = ({ tenant, object }: AuditOf, { q, after }: ListSearch) =>
  queryOptions({
    queryKey: ['audit', tenant, object, q, after],
    queryFn: ({ signal }) => {
      const more = new URLSearchParams();
      if (tenant) more.set('tenant_id', tenant);
      if (object) more.set('object_id', object);
      if (q) more.set('action', q);
      return get<List<AuditEntry>>(`/admin/v1/audit${listParameters({ after })}&${more}`, signal);
    },
    placeholderData: keepPreviousData,
  });

export const budgetsQuery = (tenant?: string) =>
  queryOptions({
    queryKey: ['budgets', tenant],
    queryFn: ({ signal }) => {
      const whose = tenant === undefined ? '' : `?tenant_id=${encodeURIComponent(tenant)}`;
      return get<List<BudgetState>>(`/admin/v1/budgets${whose}`, signal);
    },
  });

/** A page of a tenant's keys, oldest first. */
export const keysQuery = (tenant: string, after: string | undefined) =>
  queryOptions({
    queryKey: ['tenants', tenant, 'keys', after],
    queryFn: ({ signal }) =>
      get<List<ApiKey>>(`/admin/v1/tenants/${encodeURIComponent(tenant)}/keys${listParameters({ after })}`, signal),
    placeholderData: keepPreviousData,
  });

/** Follows the pages of a usage or cost report to its end. */
async function allBuckets<T>(path: string, parameters: URLSearchParams, signal: AbortSignal): Promise<Bucket<T>[]> {
  const buckets: Bucket<T>[] = [];
  for (;;) {
    const page = (await (await request(`${path}?${parameters}`, { signal })).json()) as UsagePage<T>;
    buckets.push(...page.data);
    if (!page.has_more || !page.next_page) return buckets;
    parameters.set('page', page.next_page);
  }
}

function since(days: number): URLSearchParams {
  const day = 86_400;
  const today = Math.floor(Date.now() / 1000 / day) * day;
  return new URLSearchParams({
    start_time: String(today - (days - 1) * day),
    bucket_width: '1d',
    limit: String(Math.min(31, days)),
  });
}

type GroupBy = 'model' | 'project_id' | 'line_item';

/** @param models narrows it to these; an adapter's name means all its versions */
export const usageQuery = (days: number, groupBy: GroupBy[], models: string[] = []) =>
  queryOptions({
    queryKey: ['usage', days, groupBy, models],
    queryFn: ({ signal }) =>
      allBuckets<UsageResult>('/v1/organization/usage/completions', grouped(days, groupBy, models), signal),
  });

export const costsQuery = (days: number, groupBy: GroupBy[] = ['line_item'], models: string[] = []) =>
  queryOptions({
    queryKey: ['costs', days, groupBy, models],
    queryFn: ({ signal }) => allBuckets<CostResult>('/v1/organization/costs', grouped(days, groupBy, models), signal),
  });

function grouped(days: number, groupBy: GroupBy[], models: string[]): URLSearchParams {
  const parameters = since(days);
  for (const group of groupBy) parameters.append('group_by', group);
  for (const model of models) parameters.append('models', model);
  return parameters;
}
