import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, send } from '../../api/client';
import type { DeletedWithReceipt, DeletionReceipt, List } from '../../api/types';
import { listParameters, type ListSearch } from '../../components/listing';

/** Deletes a file or a store; the answer says what went. */
export async function deleteWithReceipt(path: string): Promise<DeletionReceipt> {
  return (await send<DeletedWithReceipt>('DELETE', path)).graft.receipt;
}

export const receiptsQuery = ({ after }: ListSearch) =>
  queryOptions({
    queryKey: ['receipts', 'list', after],
    queryFn: ({ signal }) => get<List<DeletionReceipt>>(`/admin/v1/receipts${listParameters({ after })}`, signal),
    placeholderData: keepPreviousData,
  });

/** A receipt never changes. */
export const receiptQuery = (id: string) =>
  queryOptions({
    queryKey: ['receipts', id],
    queryFn: ({ signal }) => get<DeletionReceipt>(`/admin/v1/receipts/${encodeURIComponent(id)}`, signal),
    staleTime: Infinity,
  });

const kinds: Record<DeletionReceipt['kind'], string> = {
  file: 'A file, with what stores held of it',
  'vector_store.file': 'A document of a store',
  vector_store: 'A store',
  'vector_store.expired': 'A store whose time was over',
};

export function kindWords({ kind }: DeletionReceipt): string {
  return kinds[kind];
}

/** `1 document, 4 chunks, 4 vectors`: what went, without what was not there. */
export function removedWords({ removed }: DeletionReceipt): string {
  const counts = Object.entries(removed).filter(([what, count]) => count > 0 && what !== 'bytes');
  const words = counts.map(([what, count]) => {
    const name = what.replaceAll('_', ' ');
    return `${new Intl.NumberFormat('en').format(count)} ${count === 1 ? singular(name) : name}`;
  });
  return words.length === 0 ? 'nothing was left to remove' : words.join(', ');
}

function singular(plural: string): string {
  return plural === 'pinned prefixes' ? 'pinned prefix' : plural.replace(/s$/, '');
}
