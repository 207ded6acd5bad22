import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { get, send } from '../../api/client';
import { listParameters, type ListSearch } from '../../components/listing';
import type {
  Adapter,
  AdapterAlias,
  AdapterNorms,
  AdapterShare,
  AdapterVersion,
  AdapterVersionDetails,
  AliasMove,
  List,
  ShadowAnswer,
} from '../../api/types';

/** An adapter by its name, and by its owner where that need not be one's own tenant. */
export interface AdapterRef {
  name: string;
  tenant?: string | undefined;
}

/** Whose adapter the address names; an operator may look at another tenant's. */
export function useAskedTenant(): string | undefined {
  return useSearch({ strict: false }).tenant;
}

/** The first hundred by name: for menus and the palette. */
export const adaptersQuery = queryOptions({
  queryKey: ['adapters'],
  queryFn: ({ signal }) => get<List<Adapter>>('/admin/v1/adapters?limit=100', signal),
});

/** @param tenant whose they are; with the admin scope */
export const adapterListQuery = (search: ListSearch, tenant: string | undefined) =>
  queryOptions({
    queryKey: ['adapters', 'list', search, tenant],
    queryFn: ({ signal }) => {
      const whose = tenant === undefined ? '' : `&tenant=${encodeURIComponent(tenant)}`;
      return get<List<Adapter>>(`/admin/v1/adapters${listParameters(search)}${whose}`, signal);
    },
    placeholderData: keepPreviousData,
  });

/** A version never changes. */
export const normsQuery = (adapter: AdapterRef, version: number) =>
  queryOptions({
    queryKey: ['adapters', adapter.name, adapter.tenant, 'versions', version, 'norms'],
    queryFn: ({ signal }) => get<AdapterNorms>(adapterPath(adapter, `/versions/${version}/norms`), signal),
    staleTime: Infinity,
  });

export const adapterQuery = (adapter: AdapterRef) =>
  queryOptions({
    queryKey: ['adapters', adapter.name, adapter.tenant],
    queryFn: ({ signal }) => get<Adapter>(adapterPath(adapter), signal),
  });

export const versionQuery = (adapter: AdapterRef, version: number) =>
  queryOptions({
    queryKey: ['adapters', adapter.name, adapter.tenant, 'versions', version],
    queryFn: ({ signal }) => get<AdapterVersionDetails>(adapterPath(adapter, `/versions/${version}`), signal),
  });

export const sharesQuery = (adapter: AdapterRef) =>
  queryOptions({
    queryKey: ['adapters', adapter.name, adapter.tenant, 'shares'],
    queryFn: ({ signal }) => get<List<AdapterShare>>(adapterPath(adapter, '/shares', { limit: '100' }), signal),
  });

/** One page of what a candidate answered beside the real answers, newest first. */
export const shadowsQuery = (adapter: AdapterRef, alias: string, after: string | undefined) =>
  queryOptions({
    queryKey: ['adapters', adapter.name, adapter.tenant, 'aliases', alias, 'shadows', after],
    queryFn: ({ signal }) => {
      const from = { limit: '20', ...(after === undefined ? {} : { after }) };
      return get<List<ShadowAnswer>>(aliasPath(adapter, alias, '/shadows', from), signal);
    },
  });

/** @param below a path under the adapter's own, with its parts already encoded */
export function adapterPath({ name, tenant }: AdapterRef, below = '', parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(tenant === undefined ? parameters : { ...parameters, tenant });
  return `/admin/v1/adapters/${encodeURIComponent(name)}${below}${query.size === 0 ? '' : `?${query}`}`;
}

export function aliasPath(
  adapter: AdapterRef,
  alias: string,
  below = '',
  parameters: Record<string, string> = {},
): string {
  return adapterPath(adapter, `/aliases/${encodeURIComponent(alias)}${below}`, parameters);
}

export function moveAlias(adapter: AdapterRef, alias: string, move: AliasMove): Promise<AdapterAlias> {
  return send('PUT', aliasPath(adapter, alias), move);
}

/** The move that leads to where an alias stood: to take back a change. */
export function moveBack({ version, targets, shadow }: AdapterAlias): AliasMove {
  return {
    ...(version === null ? { split: targets.map((one) => ({ ...one })) } : { version }),
    ...(shadow ? { shadow: { version: shadow.version, fraction: shadow.fraction } } : {}),
  };
}

export function rollBack(adapter: AdapterRef, alias: string): Promise<AdapterAlias> {
  return send('POST', aliasPath(adapter, alias, '/rollback'));
}

export function newestFirst(versions: AdapterVersion[]): AdapterVersion[] {
  return [...versions].sort((a, b) => b.version - a.version);
}

/** `production → v3`, or the shares of a split: `canary → 95 % v3, 5 % v4`. */
export function aliasWords({ alias, version, targets }: AdapterAlias): string {
  if (version !== null) return `${alias} → v${version}`;
  const sum = targets.reduce((total, target) => total + target.weight, 0);
  return `${alias} → ${targets.map((one) => `${Math.round((100 * one.weight) / sum)} % v${one.version}`).join(', ')}`;
}

/** The contract's rule for adapter names. */
export const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** A name to propose: the dropped folder's or the archive's own, made to fit the rule; empty if there is none. */
export function proposedName(files: File[], folder?: string): string {
  const archives = files.map((file) => /^(.*?)\.(zip|tar\.gz|tgz)$/.exec(file.name)?.[1]);
  for (const name of [folder, ...archives]) {
    const plain = (name ?? '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '');
    if (namePattern.test(plain)) return plain;
  }
  return '';
}

export interface FileVerdict {
  file: File;
  /** What the server will do with it; `refused` stops the whole upload. */
  kind: 'config' | 'weights' | 'archive' | 'ignored' | 'refused';
}

/** Mirrors how the server recognises parts by file name, so that a wrong drop is noticed before it is sent. */
export function judge(file: File): FileVerdict {
  const name = file.name;
  if (/\.(bin|pt|pth|ckpt)$/.test(name)) return { file, kind: 'refused' };
  if (name === 'adapter_config.json') return { file, kind: 'config' };
  if (/^adapter_model.*\.safetensors(\.index\.json)?$/.test(name) || name.endsWith('.gguf'))
    return { file, kind: 'weights' };
  if (/\.(zip|tar\.gz|tgz)$/.test(name)) return { file, kind: 'archive' };
  return { file, kind: 'ignored' };
}

/** @returns what is missing before these can be sent, or undefined */
export function problemWith(verdicts: FileVerdict[]): string | undefined {
  const has = (kind: FileVerdict['kind']) => verdicts.some((one) => one.kind === kind);
  const refused = verdicts.find((one) => one.kind === 'refused');
  if (refused) {
    return `${refused.file.name} is a pickle format and can run code when opened. Save the adapter as safetensors.`;
  }
  if (has('archive')) return undefined;
  if (!has('weights')) return 'adapter_model.safetensors is missing.';
  if (!has('config') && !verdicts.some((one) => one.file.name.endsWith('.gguf')))
    return 'adapter_config.json is missing.';
  return undefined;
}
