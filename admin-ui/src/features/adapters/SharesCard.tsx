import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Share2, X } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { tenantsQuery } from '../../api/queries';
import { useMay } from '../../app/session';
import { Button, IconButton } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { Moment } from '../../components/Small';
import { adapterPath, sharesQuery, type AdapterRef } from './adapters';

/** Whom the owner lets use an adapter: tenants by id, or all. */
export function SharesCard({ adapter }: { adapter: AdapterRef }) {
  const queries = useQueryClient();
  const shares = useQuery(sharesQuery(adapter));
  const admin = useMay('admin');
  const tenants = useQuery({ ...tenantsQuery, enabled: admin }).data?.data ?? [];
  const [guest, setGuest] = useState('');
  const [ending, setEnding] = useState<string | undefined>();
  const name = (id: string) => (id === 'all' ? 'all tenants' : (tenants.find((one) => one.id === id)?.name ?? id));
  const path = (id: string) => adapterPath(adapter, `/shares/${encodeURIComponent(id)}`);
  const refresh = () => queries.invalidateQueries({ queryKey: ['adapters'] });
  const grant = useMutation({
    mutationFn: (id: string) => send('PUT', path(id)),
    onSuccess: async () => {
      setGuest('');
      await refresh();
    },
  });
  return (
    <section className="card" aria-labelledby="shares">
      <header>
        <h2 id="shares">Shared with</h2>
      </header>
      {shares.isPending ? <SkeletonRows rows={1} what="shares" /> : null}
      <div className="body stack tight">
        {shares.isError ? <ErrorNote error={shares.error} retry={() => shares.refetch()} /> : null}
        {shares.data?.data.length === 0 ? <p className="muted">Nobody: only its owner may use it.</p> : null}
        {shares.data?.data.map((share) => (
          <div key={share.tenant} className="spread">
            <span className="row wrap">
              <span className={share.tenant === 'all' ? 'chip look' : 'chip'}>{name(share.tenant)}</span>
              {share.granted_at ? (
                <span className="muted small">
                  since <Moment at={share.granted_at} />
                </span>
              ) : null}
            </span>
            <IconButton
              small
              label={`End the share with ${name(share.tenant)}`}
              onClick={() => setEnding(share.tenant)}
            >
              <X />
            </IconButton>
          </div>
        ))}
        <form
          className="row wrap"
          onSubmit={(event) => {
            event.preventDefault();
            if (guest.trim()) grant.mutate(guest.trim());
          }}
        >
          <input
            className="input"
            style={{ maxWidth: 280 }}
            list="share-tenants"
            aria-label="Tenant to share with"
            placeholder="A tenant’s id, or all"
            value={guest}
            onChange={(event) => setGuest(event.target.value)}
          />
          <datalist id="share-tenants">
            <option value="all">every tenant of this server</option>
            {tenants.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </datalist>
          <Button type="submit" disabled={!guest.trim() || grant.isPending}>
            <Share2 aria-hidden /> Share
          </Button>
        </form>
        {guest.trim() ? (
          <p className="muted small">
            {name(guest.trim())} may list and call {adapter.name}, its versions and aliases, at their own cost; only you
            change it.
          </p>
        ) : null}
        {grant.isError ? <ErrorNote error={grant.error} /> : null}
      </div>
      <Confirm
        open={ending !== undefined}
        onOpenChange={() => setEnding(undefined)}
        danger
        title={`End the share with ${name(ending ?? '')}`}
        verb="End share"
        run={async () => {
          await send('DELETE', path(ending ?? ''));
          await refresh();
        }}
      >
        Their next request no longer finds {adapter.name}. Answers that are running finish.
      </Confirm>
    </section>
  );
}
