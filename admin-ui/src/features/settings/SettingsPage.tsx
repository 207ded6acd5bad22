import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../api/client';
import { auditQuery, pricesQuery } from '../../api/queries';
import type { PriceBook } from '../../api/types';
import { mayDo, sessionQuery } from '../../app/session';
import { chooseTheme, useTheme, type Theme } from '../../app/theme';
import { Button } from '../../components/Button';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { Moment } from '../../components/Small';
import { toast } from '../../components/Toasts';

export function SettingsPage() {
  const session = useQuery(sessionQuery).data;
  const admin = mayDo(session, 'admin');
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <h1>Settings</h1>
          <p>What this browser remembers{admin ? ', prices, and who did what' : ''}.</p>
        </div>
      </div>
      <section className="card" aria-labelledby="you">
        <header>
          <h2 id="you">You</h2>
        </header>
        <div className="body stack">
          <dl className="facts">
            <dt>Tenant</dt>
            <dd>{session?.tenant.name}</dd>
            <dt>Key</dt>
            <dd>
              <code>{session?.key_id}</code>
            </dd>
            <dt>May</dt>
            <dd>{session?.scopes.join(', ')}</dd>
          </dl>
          <ThemeChoice />
        </div>
      </section>
      {admin ? <Prices /> : null}
      {admin ? <Audit /> : null}
    </main>
  );
}

const themes: [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function ThemeChoice() {
  const theme = useTheme();
  return (
    <div className="field">
      <span className="label">Theme</span>
      <div className="segments" role="group" aria-label="Theme" style={{ alignSelf: 'flex-start' }}>
        {themes.map(([value, label]) => (
          <button key={value} type="button" aria-pressed={theme === value} onClick={() => chooseTheme(value)}>
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}

function Prices() {
  const prices = useQuery(pricesQuery);
  return (
    <section className="card" aria-labelledby="prices">
      <header>
        <h2 id="prices">Price book</h2>
        {prices.data ? (
          <span className="muted small">
            revision {prices.data.revision}, {prices.data.currency}
          </span>
        ) : null}
      </header>
      {prices.isPending ? <SkeletonRows what="prices" /> : null}
      {prices.isError ? (
        <div className="body">
          <ErrorNote error={prices.error} retry={() => prices.refetch()} />
        </div>
      ) : null}
      {prices.data ? <PriceForm key={prices.data.revision} book={prices.data} /> : null}
    </section>
  );
}

/** Prices are in the currency's units for a million tokens; the book keeps them in millionths, as whole numbers. */
function PriceForm({ book }: { book: PriceBook }) {
  const queries = useQueryClient();
  const [items, setItems] = useState(book.items);
  const save = useMutation({
    mutationFn: () => send<PriceBook>('PUT', '/admin/v1/prices', { currency: book.currency, items }),
    onSuccess: (saved) => {
      queries.setQueryData(pricesQuery.queryKey, saved);
      toast(`Revision ${saved.revision} counts for requests from now on.`);
    },
  });
  const change = (at: number, text: string) =>
    setItems(
      items.map((item, index) =>
        index === at ? { ...item, micros_per_million: Math.max(0, Math.round(Number(text) * 1_000_000)) } : item,
      ),
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>Component</th>
              <th>Base</th>
              <th>Adapter</th>
              <th className="right">{book.currency} a million</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item, at) => (
              <tr key={at}>
                <td>{item.component}</td>
                <td className="muted">{item.base ?? 'any'}</td>
                <td className="muted">{item.adapter ?? 'any'}</td>
                <td className="right">
                  <input
                    className="input num"
                    style={{ width: 120, textAlign: 'right' }}
                    type="number"
                    min={0}
                    step="any"
                    aria-label={`Price of ${item.component}`}
                    value={item.micros_per_million / 1_000_000}
                    onChange={(event) => change(at, event.target.value)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="body stack" style={{ padding: 16 }}>
        {save.isError ? <ErrorNote error={save.error} /> : null}
        <div>
          <Button type="submit" disabled={save.isPending || items === book.items}>
            {save.isPending ? 'Saving…' : 'Save as a new revision'}
          </Button>
        </div>
      </div>
    </form>
  );
}

function Audit() {
  const audit = useQuery(auditQuery);
  return (
    <section className="card" aria-labelledby="audit">
      <header>
        <h2 id="audit">Audit</h2>
        <span className="muted small">newest first</span>
      </header>
      {audit.isPending ? <SkeletonRows what="the audit log" /> : null}
      {audit.isError ? (
        <div className="body">
          <ErrorNote error={audit.error} retry={() => audit.refetch()} />
        </div>
      ) : null}
      {audit.data ? (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>What</th>
                <th>On</th>
                <th>By</th>
              </tr>
            </thead>
            <tbody>
              {audit.data.data.map((entry) => (
                <tr key={entry.id}>
                  <td className="muted">
                    <Moment at={entry.created_at} />
                  </td>
                  <td>{entry.action}</td>
                  <td>
                    <code>{entry.object_id}</code>
                  </td>
                  <td className="muted">
                    <code>{entry.actor}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
