import { keepPreviousData, queryOptions } from '@tanstack/react-query';
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

/** The first hundred by name: for menus and the palette. */
export const adaptersQuery = queryOptions({
  queryKey: ['adapters'],
  queryFn: ({ signal }) => get<List<Adapter>>('/admin/v1/adapters?limit=100', signal),
});

export const adapterListQuery = (search: ListSearch) =>
  queryOptions({
    queryKey: ['adapters', 'list', search],
    queryFn: ({ signal }) => get<List<Adapter>>(`/admin/v1/adapters${listParameters(search)}`, signal),
    placeholderData: keepPreviousData,
  });

/** A version never changes. */
export const normsQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: ['adapters', name, 'versions', version, 'norms'],
    queryFn: ({ signal }) => get<AdapterNorms>(`${adapterPath(name)}/versions/${version}/norms`, signal),
    staleTime: Infinity,
  });

export const adapterQuery = (name: string) =>
  queryOptions({
    queryKey: ['adapters', name],
    queryFn: ({ signal }) => get<Adapter>(adapterPath(name), signal),
  });

export const versionQuery = (name: string, version: number) =>
  queryOptions({
    queryKey: ['adapters', name, 'versions', version],
    queryFn: ({ signal }) => get<AdapterVersionDetails>(`${adapterPath(name)}/versions/${version}`, signal),
  });

export const sharesQuery = (name: string) =>
  queryOptions({
    queryKey: ['adapters', name, 'shares'],
    queryFn: ({ signal }) => get<List<AdapterShare>>(`${adapterPath(name)}/shares?limit=100`, signal),
  });

/** One page of what a candidate answered beside the real answers, newest first. */
export const shadowsQuery = (name: string, alias: string, after: string | undefined) =>
  queryOptions({
    queryKey: ['adapters', name, 'aliases', alias, 'shadows', after],
    queryFn: ({ signal }) => {
      const from = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
      return get<List<ShadowAnswer>>(`${aliasPath(name, alias)}/shadows?limit=20${from}`, signal);
    },
  });

export function adapterPath(name: string): string {
  return `/admin/v1/adapters/${encodeURIComponent(name)}`;
}

export function aliasPath(name: string, alias: string): string {
  return `${adapterPath(name)}/aliases/${encodeURIComponent(alias)}`;
}

export function moveAlias(name: string, alias: string, move: AliasMove): Promise<AdapterAlias> {
  return send('PUT', aliasPath(name, alias), move);
}

/** The move that leads to where an alias stood: to take back a change. */
export function moveBack({ version, targets, shadow }: AdapterAlias): AliasMove {
  return {
    ...(version === null ? { split: targets.map((one) => ({ ...one })) } : { version }),
    ...(shadow ? { shadow: { version: shadow.version, fraction: shadow.fraction } } : {}),
  };
}

export function rollBack(name: string, alias: string): Promise<AdapterAlias> {
  return send('POST', `${aliasPath(name, alias)}/rollback`);
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
