import type { UseQueryResult } from '@tanstack/react-query';
import { tableFeatures, useTable, type ColumnDef, type RowData } from '@tanstack/react-table';
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import type { List } from '../api/types';
import { ErrorNote, SkeletonRows } from './Feedback';
import { sorted, withSort, type ListSearch } from './listing';
import { Filter, Pages } from './ListTools';

// The server sorts, filters and pages: the table only renders what comes.
const features = tableFeatures({});

/** A column; with `sort` its header orders the list on the server by that field. */
export type Column<T extends RowData> = ColumnDef<typeof features, T> & { meta?: { right?: boolean; sort?: string } };

interface Props<T extends RowData> {
  /** In the plural: adapters, tenants. */
  what: string;
  columns: Column<T>[];
  rows: UseQueryResult<List<T>>;
  rowId: (row: T) => string;
  search: ListSearch;
  change: (search: ListSearch) => void;
  /** Shown where the list has nothing at all. */
  empty: ReactNode;
  filter?: string;
  /** Beside the filter. */
  tools?: ReactNode;
}

const none: never[] = [];

/** A page of a list: filter above, order by the headers, further pages below; all of it is in the address. */
export function ServerTable<T extends RowData>(props: Props<T>) {
  const { what, columns, rows, rowId, search, change, empty, filter, tools } = props;
  const data: T[] = rows.data?.data ?? none;
  const table = useTable({ features, columns, data, getRowId: rowId });
  const untouched = search.q === undefined && search.after === undefined;
  const nothing = rows.isSuccess && data.length === 0;
  return (
    <>
      {filter !== undefined || tools ? (
        <header className="table-tools">
          {filter !== undefined ? (
            <Filter label={filter} value={search.q ?? ''} change={(q) => change({ ...search, q, after: undefined })} />
          ) : null}
          {tools}
        </header>
      ) : null}
      {rows.isPending ? <SkeletonRows what={what} /> : null}
      {rows.isError ? (
        <div className="body">
          <ErrorNote error={rows.error} retry={() => rows.refetch()} />
        </div>
      ) : null}
      {nothing && untouched ? empty : null}
      {nothing && !untouched ? <p className="body muted">No {what} here. Change the filter or go back.</p> : null}
      {data.length > 0 ? (
        <div className="table-scroll" aria-busy={rows.isPlaceholderData}>
          <table className="table" aria-label={what}>
            <thead>
              {table.getHeaderGroups().map((group) => (
                <tr key={group.id}>
                  {group.headers.map((header) => {
                    const meta = (header.column.columnDef as Column<T>).meta;
                    const by = meta?.sort;
                    return (
                      <th
                        key={header.id}
                        className={meta?.right ? 'right' : undefined}
                        aria-sort={by ? sorted(search, by) : undefined}
                      >
                        {by ? (
                          <button type="button" className="sorter" onClick={() => change(withSort(search, by))}>
                            <table.FlexRender header={header} />
                            <SortMark state={sorted(search, by)} />
                          </button>
                        ) : (
                          <table.FlexRender header={header} />
                        )}
                      </th>
                    );
                  })}
                </tr>
              ))}
            </thead>
            <tbody>
              {table.getRowModel().rows.map((row) => (
                <tr key={row.id}>
                  {row.getAllCells().map((cell) => (
                    <td
                      key={cell.id}
                      className={(cell.column.columnDef as Column<T>).meta?.right ? 'right' : undefined}
                    >
                      <table.FlexRender cell={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <Pages rows={rows} search={search} change={change} />
    </>
  );
}

function SortMark({ state }: { state: 'ascending' | 'descending' | 'none' }) {
  if (state === 'ascending') return <ArrowUp aria-hidden />;
  return <ArrowDown aria-hidden className={state === 'none' ? 'faint' : undefined} />;
}
