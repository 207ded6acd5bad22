import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { BookOpen, Plus } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { storesQuery } from '../../api/queries';
import type { KnowledgeStore } from '../../api/types';
import { bytes, plural } from '../../app/format';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Empty, ErrorNote, Skeleton } from '../../components/Feedback';
import { Moment } from '../../components/Small';

export function Knowledge() {
  const stores = useQuery(storesQuery);
  const [creating, setCreating] = useState(false);
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <h1>Knowledge</h1>
          <p>Stores of documents that an answer may read and cite, word for word.</p>
        </div>
        <Button look="primary" onClick={() => setCreating(true)}>
          <Plus aria-hidden /> New store
        </Button>
      </div>
      {stores.isError ? <ErrorNote error={stores.error} retry={() => stores.refetch()} /> : null}
      {stores.isPending ? (
        <div className="cards" role="status" aria-label="Loading stores">
          {[1, 2, 3].map((one) => (
            <Skeleton key={one} height={112} />
          ))}
        </div>
      ) : null}
      {stores.data?.data.length === 0 ? (
        <section className="card">
          <Empty icon={<BookOpen aria-hidden />} title="No knowledge store yet">
            <p>Create one and drop documents into it; a request then names the store and its answer cites them.</p>
            <Button onClick={() => setCreating(true)}>Create the first</Button>
          </Empty>
        </section>
      ) : null}
      <div className="cards">
        {stores.data?.data.map((store) => (
          <StoreCard key={store.id} store={store} />
        ))}
      </div>
      <NewStore open={creating} onOpenChange={setCreating} />
    </main>
  );
}

function StoreCard({ store }: { store: KnowledgeStore }) {
  const { completed, in_progress, failed } = store.file_counts;
  return (
    <Link
      className="card"
      to="/knowledge/$store"
      params={{ store: store.id }}
      search={{ q: undefined }}
      style={{ padding: 16, color: 'inherit', textDecoration: 'none' }}
    >
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

function NewStore({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => send<KnowledgeStore>('POST', '/v1/vector_stores', { name: name.trim() }),
    onSuccess: async (store) => {
      await queries.invalidateQueries({ queryKey: ['stores'] });
      onOpenChange(false);
      setName('');
      await navigate({ to: '/knowledge/$store', params: { store: store.id }, search: { q: undefined } });
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New knowledge store"
      description="Documents are added on its page."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) create.mutate();
        }}
      >
        <div className="body">
          <div className="field">
            <label htmlFor="store-name">Name</label>
            <input
              id="store-name"
              className="input"
              value={name}
              onChange={(event) => setName(event.target.value)}
              placeholder="Product handbook"
              maxLength={200}
            />
          </div>
          {create.isError ? <ErrorNote error={create.error} /> : null}
        </div>
        <footer>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!name.trim() || create.isPending}>
            {create.isPending ? 'Creating…' : 'Create store'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
