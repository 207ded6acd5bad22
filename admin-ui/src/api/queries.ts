import { queryOptions } from '@tanstack/react-query';
import { get, request } from './client';
import type {
  ApiKey,
  AuditEntry,
  Bucket,
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

export const storesQuery = queryOptions({
  queryKey: ['stores'],
  queryFn: ({ signal }) => get<List<KnowledgeStore>>('/v1/vector_stores?limit=100', signal),
});

export const storeQuery = (id: string) =>
  queryOptions({
    queryKey: ['stores', id],
    queryFn: ({ signal }) => get<KnowledgeStore>(`/v1/vector_stores/${encodeURIComponent(id)}`, signal),
  });

export const storeFilesQuery = (id: string) =>
  queryOptions({
    queryKey: ['stores', id, 'files'],
    queryFn: ({ signal }) =>
      get<List<StoreFile>>(`/v1/vector_stores/${encodeURIComponent(id)}/files?limit=100`, signal),
    // Only while something is being read in.
    refetchInterval: (query) => (query.state.data?.data.some((file) => file.status === 'in_progress') ? 1_000 : false),
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

export const tenantsQuery = queryOptions({
  queryKey: ['tenants'],
  queryFn: ({ signal }) => get<List<Tenant>>('/admin/v1/tenants?limit=100', signal),
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

export const auditQuery = queryOptions({
  queryKey: ['audit'],
  queryFn: ({ signal }) => get<List<AuditEntry>>('/admin/v1/audit?limit=50', signal),
});

export const keysQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['tenants', tenant, 'keys'],
    queryFn: ({ signal }) =>
      get<List<ApiKey>>(`/admin/v1/tenants/${encodeURIComponent(tenant)}/keys?limit=100`, signal),
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

export const usageQuery = (days: number, groupBy: 'model' | 'project_id') =>
  queryOptions({
    queryKey: ['usage', days, groupBy],
    queryFn: ({ signal }) => {
      const parameters = since(days);
      parameters.append('group_by', groupBy);
      return allBuckets<UsageResult>('/v1/organization/usage/completions', parameters, signal);
    },
  });

export const costsQuery = (days: number) =>
  queryOptions({
    queryKey: ['costs', days],
    queryFn: ({ signal }) => {
      const parameters = since(days);
      parameters.append('group_by', 'line_item');
      return allBuckets<CostResult>('/v1/organization/costs', parameters, signal);
    },
  });
