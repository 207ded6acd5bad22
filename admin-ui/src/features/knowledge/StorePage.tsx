import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { MessagesSquare, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { storeQuery } from '../../api/queries';
import { bytes, plural } from '../../app/format';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { ErrorNote } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { toast } from '../../components/Toasts';
import { DocumentList } from './DocumentList';
import { deleteWithReceipt, removedWords } from './receipts';
import { SearchTester } from './SearchTester';
import { UploadDocuments } from './UploadDocuments';

export function StorePage() {
  const { store: id } = useParams({ from: '/app/knowledge/$store' });
  const { ask } = useSearch({ from: '/app/knowledge/$store' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const store = useQuery(storeQuery(id));
  const [deleting, setDeleting] = useState(false);
  const name = store.data?.name || id;
  return (
    <main className="page">
      <PageHead
        above={<Link to="/knowledge">Knowledge</Link>}
        title={name}
        actions={
          <>
            <Link className="button" to="/playground" search={{ columns: `~${id}` }}>
              <MessagesSquare aria-hidden /> Ask it
            </Link>
            <Button look="danger" onClick={() => setDeleting(true)}>
              <Trash2 aria-hidden /> Delete
            </Button>
          </>
        }
      >
        {store.data ? (
          <p className="num">
            {plural(store.data.file_counts.total, 'document')} · {bytes(store.data.usage_bytes)} · <code>{id}</code>
          </p>
        ) : null}
      </PageHead>
      {store.isError ? <ErrorNote error={store.error} retry={() => store.refetch()} /> : null}
      <UploadDocuments store={id} />
      <DocumentList store={id} />
      <SearchTester store={id} query={ask} />
      <Confirm
        open={deleting}
        onOpenChange={setDeleting}
        danger
        title={`Delete ${name}`}
        verb="Delete store"
        run={async () => {
          const receipt = await deleteWithReceipt(`/v1/vector_stores/${encodeURIComponent(id)}`);
          await navigate({ to: '/receipts/$receipt', params: { receipt: receipt.id } });
          await queries.invalidateQueries({ queryKey: ['stores'] });
          await queries.invalidateQueries({ queryKey: ['receipts'] });
          toast(`${name} is deleted: ${removedWords(receipt)}.`);
        }}
      >
        Its chunks and vectors go with it. The uploaded files stay and can be put into another store.
      </Confirm>
    </main>
  );
}
