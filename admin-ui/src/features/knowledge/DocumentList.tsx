import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { FileText, RotateCcw, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import { send } from '../../api/client';
import { fileQuery, storeFilesQuery } from '../../api/queries';
import type { StoreFile } from '../../api/types';
import { bytes } from '../../app/format';
import { Button, IconButton } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Empty } from '../../components/Feedback';
import { ServerTable, type Column } from '../../components/ServerTable';
import { Moment } from '../../components/Small';
import { toast } from '../../components/Toasts';
import { deleteWithReceipt, removedWords } from './receipts';

/** The documents of a store: read, being read, or why not. */
export function DocumentList({ store }: { store: string }) {
  const navigate = useNavigate();
  const { ask, ...search } = useSearch({ from: '/app/knowledge/$store' });
  const files = useQuery(storeFilesQuery(store, search));
  const columns = useMemo(() => columnsOf(store), [store]);
  return (
    <section className="card" aria-label="Documents">
      <ServerTable
        what="documents"
        columns={columns}
        rows={files}
        rowId={(file) => file.id}
        search={search}
        change={(next) =>
          void navigate({
            to: '/knowledge/$store',
            params: { store },
            search: { ...next, ask },
            resetScroll: false,
          })
        }
        filter="Filter by file name"
        empty={
          <Empty icon={<FileText aria-hidden />} title="Nothing to read yet">
            <p>Drop documents above: PDF, Word, Excel, PowerPoint, HTML, Markdown, plain text, CSV or JSON.</p>
          </Empty>
        }
      />
    </section>
  );
}

function columnsOf(store: string): Column<StoreFile>[] {
  return [
    {
      id: 'name',
      header: 'Document',
      meta: { sort: 'filename' },
      cell: ({ row }) => <Name store={store} file={row.original} />,
    },
    { id: 'state', header: 'State', cell: ({ row }) => <State store={store} file={row.original} /> },
    {
      id: 'size',
      header: 'Size',
      meta: { right: true, sort: 'usage_bytes' },
      cell: ({ row }) => <Size file={row.original} />,
    },
    {
      id: 'added',
      header: 'Added',
      meta: { sort: 'created_at' },
      cell: ({ row }) => (
        <span className="muted">
          <Moment at={row.original.created_at} />
        </span>
      ),
    },
    {
      id: 'actions',
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { right: true },
      cell: ({ row }) => <Remove store={store} file={row.original} />,
    },
  ];
}

interface Cell {
  store: string;
  file: StoreFile;
}

function useName(file: StoreFile): string {
  return useQuery(fileQuery(file.id)).data?.filename ?? file.id;
}

function Name({ store, file }: Cell) {
  return (
    <Link className="strong" to="/knowledge/$store/$file" params={{ store, file: file.id }}>
      {useName(file)}
    </Link>
  );
}

function Size({ file }: { file: StoreFile }) {
  const stored = useQuery(fileQuery(file.id));
  return bytes(stored.data?.bytes ?? file.usage_bytes);
}

const looks = { in_progress: 'look', completed: 'good', failed: 'bad', cancelled: '' };
const words = { in_progress: 'reading', completed: 'ready', failed: 'failed', cancelled: 'cancelled' };

function filesPath(store: string): string {
  return `/v1/vector_stores/${encodeURIComponent(store)}/files`;
}

/** Puts a file into the store, also one that is in it: it is then read anew. */
function attach(store: string, file: StoreFile): Promise<unknown> {
  return send('POST', filesPath(store), { file_id: file.id, attributes: file.attributes });
}

function State({ store, file }: Cell) {
  const queries = useQueryClient();
  const again = async () => {
    await attach(store, file);
    await queries.invalidateQueries({ queryKey: ['stores', store] });
  };
  return (
    <>
      <span className={`chip ${looks[file.status]}`}>{words[file.status]}</span>
      {file.last_error ? (
        <p className="small" style={{ color: 'var(--red)' }}>
          {file.last_error.message}
        </p>
      ) : null}
      {file.status === 'failed' || file.status === 'cancelled' ? (
        <Button small onClick={() => void again()} style={{ marginTop: 4 }}>
          <RotateCcw aria-hidden /> Read it again
        </Button>
      ) : null}
    </>
  );
}

function Remove({ store, file }: Cell) {
  const queries = useQueryClient();
  const name = useName(file);
  const [removing, setRemoving] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: ['stores'] });
  return (
    <>
      <IconButton small label={`Remove ${name}`} onClick={() => setRemoving(true)}>
        <Trash2 />
      </IconButton>
      <Confirm
        open={removing}
        onOpenChange={setRemoving}
        danger
        title={`Remove ${name}`}
        verb="Remove document"
        run={async () => {
          const receipt = await deleteWithReceipt(`${filesPath(store)}/${encodeURIComponent(file.id)}`);
          await refresh();
          await queries.invalidateQueries({ queryKey: ['receipts'] });
          toast(`${name} is out of this store: ${removedWords(receipt)}.`, {
            undo: () => attach(store, file).then(refresh),
            more: (
              <Link to="/receipts/$receipt" params={{ receipt: receipt.id }}>
                Receipt
              </Link>
            ),
          });
        }}
      >
        No answer will read or cite it from this store any more. The uploaded file stays, so this can be taken back.
      </Confirm>
    </>
  );
}
