import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { FileText, MessagesSquare, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { fileQuery, storeFilesQuery, storeQuery } from '../../api/queries';
import type { StoreFile } from '../../api/types';
import { bytes, plural } from '../../app/format';
import { Button, IconButton } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Empty, ErrorNote, SkeletonRows } from '../../components/Feedback';
import { Moment } from '../../components/Small';
import { SearchTester } from './SearchTester';
import { UploadDocuments } from './UploadDocuments';

export function StorePage() {
  const { store: id } = useParams({ from: '/app/knowledge/$store' });
  const { q } = useSearch({ from: '/app/knowledge/$store' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const store = useQuery(storeQuery(id));
  const [deleting, setDeleting] = useState(false);
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <p className="small">
            <Link to="/knowledge">Knowledge</Link>
          </p>
          <h1>{store.data?.name || id}</h1>
          {store.data ? (
            <p className="num">
              {plural(store.data.file_counts.total, 'document')} · {bytes(store.data.usage_bytes)} · <code>{id}</code>
            </p>
          ) : null}
        </div>
        <div className="row">
          <Link className="button" to="/playground" search={{ columns: `~${id}` }}>
            <MessagesSquare aria-hidden /> Ask it
          </Link>
          <Button look="danger" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden /> Delete
          </Button>
        </div>
      </div>
      {store.isError ? <ErrorNote error={store.error} retry={() => store.refetch()} /> : null}
      <UploadDocuments store={id} />
      <Documents store={id} />
      <SearchTester store={id} query={q} />
      <Confirm
        open={deleting}
        onOpenChange={setDeleting}
        danger
        title={`Delete ${store.data?.name || id}`}
        verb="Delete store"
        run={async () => {
          await send('DELETE', `/v1/vector_stores/${encodeURIComponent(id)}`);
          await navigate({ to: '/knowledge' });
          await queries.invalidateQueries({ queryKey: ['stores'] });
        }}
      >
        Its chunks and vectors go with it. The uploaded files stay and can be put into another store.
      </Confirm>
    </main>
  );
}

function Documents({ store }: { store: string }) {
  const files = useQuery(storeFilesQuery(store));
  return (
    <section className="card" aria-labelledby="documents">
      <header>
        <h2 id="documents">Documents</h2>
      </header>
      {files.isPending ? <SkeletonRows what="documents" /> : null}
      {files.isError ? (
        <div className="body">
          <ErrorNote error={files.error} retry={() => files.refetch()} />
        </div>
      ) : null}
      {files.data?.data.length === 0 ? (
        <Empty icon={<FileText aria-hidden />} title="Nothing to read yet">
          <p>Drop documents above: Markdown, plain text, CSV or JSON.</p>
        </Empty>
      ) : null}
      {files.data && files.data.data.length > 0 ? (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Document</th>
                <th>State</th>
                <th className="right">Size</th>
                <th>Added</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {files.data.data.map((file) => (
                <DocumentRow key={file.id} store={store} file={file} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}

const looks = { in_progress: 'look', completed: 'good', failed: 'bad', cancelled: '' };
const words = { in_progress: 'reading', completed: 'ready', failed: 'failed', cancelled: 'cancelled' };

function DocumentRow({ store, file }: { store: string; file: StoreFile }) {
  const queries = useQueryClient();
  const stored = useQuery(fileQuery(file.id));
  const [removing, setRemoving] = useState(false);
  const name = stored.data?.filename ?? file.id;
  return (
    <tr>
      <td>
        <Link
          className="strong"
          to="/knowledge/$store/$file"
          params={{ store, file: file.id }}
          search={{ start: undefined, end: undefined }}
        >
          {name}
        </Link>
      </td>
      <td>
        <span className={`chip ${looks[file.status]}`}>{words[file.status]}</span>
        {file.last_error ? (
          <p className="small" style={{ color: 'var(--red)' }}>
            {file.last_error.message}
          </p>
        ) : null}
      </td>
      <td className="right">{bytes(stored.data?.bytes ?? file.usage_bytes)}</td>
      <td className="muted">
        <Moment at={file.created_at} />
      </td>
      <td className="right">
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
            await send('DELETE', `/v1/vector_stores/${encodeURIComponent(store)}/files/${encodeURIComponent(file.id)}`);
            await queries.invalidateQueries({ queryKey: ['stores'] });
          }}
        >
          No answer will read or cite it from this store any more.
        </Confirm>
      </td>
    </tr>
  );
}
