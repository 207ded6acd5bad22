import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { BookOpen, Plus, ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { storeListQuery } from '../../api/queries';
import type { KnowledgeStore } from '../../api/types';
import { bytes, plural } from '../../app/format';
import { Button } from '../../components/Button';
import { Empty, ErrorNote, Skeleton } from '../../components/Feedback';
import type { ListSearch } from '../../components/listing';
import { Filter, Pages } from '../../components/ListTools';
import { NamedDialog } from '../../components/NamedDialog';
import { PageHead } from '../../components/PageHead';
import { Moment } from '../../components/Small';

export function Knowledge() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const search = useSearch({ from: '/app/knowledge' });
  const stores = useQuery(storeListQuery(search));
  const change = (next: ListSearch) => void navigate({ to: '/knowledge', search: next, resetScroll: false });
  const nothing = stores.data?.data.length === 0;
  const untouched = search.q === undefined && search.after === undefined;
  const [creating, setCreating] = useState(false);
  const create = async (name: string) => {
    const store = await send<KnowledgeStore>('POST', '/v1/vector_stores', { name });
    await queries.invalidateQueries({ queryKey: ['stores'] });
    await navigate({ to: '/knowledge/$store', params: { store: store.id } });
  };
  return (
    <main className="page">
      <PageHead
        title="Knowledge"
        actions={
          <>
            <Link className="button" to="/receipts">
              <ReceiptText aria-hidden /> Deletion receipts
            </Link>
            <Button look="primary" onClick={() => setCreating(true)}>
              <Plus aria-hidden /> New store
            </Button>
          </>
        }
      >
        <p>Stores of documents that an answer may read and cite, word for word.</p>
      </PageHead>
      {stores.isError ? <ErrorNote error={stores.error} retry={() => stores.refetch()} /> : null}
      {stores.isPending ? (
        <div className="cards" role="status" aria-label="Loading stores">
          {[1, 2, 3].map((one) => (
            <Skeleton key={one} height={112} />
          ))}
        </div>
      ) : null}
      {nothing && untouched ? null : (
        <Filter
          label="Filter by name"
          value={search.q ?? ''}
          change={(q) => change({ ...search, q, after: undefined })}
        />
      )}
      {nothing && !untouched ? <p className="muted">No store here. Change the filter or go back.</p> : null}
      {nothing && untouched ? (
        <section className="card">
          <Empty icon={<BookOpen aria-hidden />} title="No knowledge store yet">
            <p>Create one and drop documents into it; a request then names the store and its answer cites them.</p>
            <Button onClick={() => setCreating(true)}>Create the first</Button>
          </Empty>
        </section>
      ) : null}
      <div className="cards" aria-busy={stores.isPlaceholderData}>
        {stores.data?.data.map((store) => (
          <StoreCard key={store.id} store={store} />
        ))}
      </div>
      <Pages rows={stores} search={search} change={change} />
      {creating ? (
        <NamedDialog
          close={() => setCreating(false)}
          what="store"
          description="Documents are added on its page."
          placeholder="Product handbook"
          create={create}
        />
      ) : null}
    </main>
  );
}

function StoreCard({ store }: { store: KnowledgeStore }) {
  const { completed, in_progress, failed } = store.file_counts;
  return (
    <Link className="card store-card" to="/knowledge/$store" params={{ store: store.id }}>
      <div className="stack tight">
        <div className="spread">
          <h2>{store.name || store.id}</h2>
          <span className="row">
            {in_progress > 0 ? <span className="chip look">reading {in_progress}</span> : null}
            {failed > 0 ? <span className="chip bad">{failed} failed</span> : null}
          </span>
        </div>
        <p className="muted num">
          {plural(completed, 'document')} · {bytes(store.usage_bytes)}
        </p>
        <p className="muted small">
          used <Moment at={store.last_active_at ?? store.created_at} />
        </p>
      </div>
    </Link>
  );
}
