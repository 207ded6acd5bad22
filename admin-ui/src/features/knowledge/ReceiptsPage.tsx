import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ReceiptText } from 'lucide-react';
import type { DeletionReceipt } from '../../api/types';
import { bytes, count } from '../../app/format';
import { Empty, ErrorNote, SkeletonRows } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { ServerTable, type Column } from '../../components/ServerTable';
import { CopyButton, Moment } from '../../components/Small';
import { kindWords, receiptQuery, receiptsQuery, removedWords } from './receipts';

/** What deletions removed, newest first. */
export function ReceiptsPage() {
  const navigate = useNavigate();
  const search = useSearch({ from: '/app/receipts' });
  const receipts = useQuery(receiptsQuery(search));
  return (
    <main className="page">
      <PageHead above={<Link to="/knowledge">Knowledge</Link>} title="Deletion receipts">
        <p>Each deletion counts in its own transaction what it removed. Receipts hold ids and hashes, no text.</p>
      </PageHead>
      <section className="card" aria-label="Receipts">
        <ServerTable
          what="receipts"
          columns={columns}
          rows={receipts}
          rowId={(one) => one.id}
          search={search}
          change={(next) => void navigate({ to: '/receipts', search: next, resetScroll: false })}
          empty={
            <Empty icon={<ReceiptText aria-hidden />} title="Nothing was deleted yet">
              <p>When a document or a store is deleted, its receipt is here to be shown to whoever asks.</p>
            </Empty>
          }
        />
      </section>
    </main>
  );
}

const columns: Column<DeletionReceipt>[] = [
  {
    id: 'when',
    header: 'When',
    cell: ({ row }) => (
      <Link className="strong" to="/receipts/$receipt" params={{ receipt: row.original.id }}>
        <Moment at={row.original.created_at} />
      </Link>
    ),
  },
  { id: 'what', header: 'What', cell: ({ row }) => kindWords(row.original) },
  { id: 'id', header: 'Id', cell: ({ row }) => <code className="muted">{row.original.object_id}</code> },
  { id: 'removed', header: 'Removed', cell: ({ row }) => removedWords(row.original) },
];

/** One deletion: what it removed, of which texts, and the digest that it can be checked by. */
export function ReceiptPage() {
  const { receipt: id } = useParams({ from: '/app/receipts/$receipt' });
  const receipt = useQuery(receiptQuery(id));
  return (
    <main className="page">
      <PageHead
        above={
          <>
            <Link to="/knowledge">Knowledge</Link> / <Link to="/receipts">Deletion receipts</Link>
          </>
        }
        title="Deletion receipt"
      >
        <p>
          <code>{id}</code>
        </p>
      </PageHead>
      {receipt.isError ? <ErrorNote error={receipt.error} retry={() => receipt.refetch()} /> : null}
      {receipt.isPending ? (
        <section className="card">
          <SkeletonRows what="the receipt" />
        </section>
      ) : null}
      {receipt.data ? <Receipt receipt={receipt.data} /> : null}
    </main>
  );
}

function Receipt({ receipt }: { receipt: DeletionReceipt }) {
  return (
    <>
      <section className="card" aria-labelledby="removed">
        <header>
          <h2 id="removed">What was removed</h2>
          <span className="muted small">
            <Moment at={receipt.created_at} />
          </span>
        </header>
        <dl className="facts body">
          <dt>What</dt>
          <dd>
            {kindWords(receipt)} <code className="muted">{receipt.object_id}</code>
          </dd>
          <dt>By</dt>
          <dd>
            <code>{receipt.actor}</code>
          </dd>
          {Object.entries(receipt.removed).map(([what, number]) => (
            <div key={what} style={{ display: 'contents' }}>
              <dt>{what.replaceAll('_', ' ')}</dt>
              <dd className="num">{what === 'bytes' ? bytes(number) : count(number)}</dd>
            </div>
          ))}
          <dt>Stores</dt>
          <dd>
            {receipt.vector_store_ids.map((store) => (
              <code key={store} style={{ display: 'block' }}>
                {store}
              </code>
            ))}
          </dd>
          <dt>Digest</dt>
          <dd className="row">
            <code style={{ overflowWrap: 'anywhere' }}>{receipt.digest}</code>
            <CopyButton text={receipt.digest} label="Copy the digest" />
          </dd>
        </dl>
      </section>
      {receipt.revisions.length > 0 ? <Texts receipt={receipt} /> : null}
    </>
  );
}

function Texts({ receipt }: { receipt: DeletionReceipt }) {
  return (
    <section className="card" aria-labelledby="texts">
      <header>
        <h2 id="texts">Removed texts</h2>
        <span className="muted small">
          the first {receipt.revisions.length} of {count(receipt.removed.revisions)}
        </span>
      </header>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>File</th>
              <th>Revision</th>
              <th>SHA-256 of the text</th>
            </tr>
          </thead>
          <tbody>
            {receipt.revisions.map((one) => (
              <tr key={one.revision}>
                <td>
                  <code>{one.file_id}</code>
                </td>
                <td>
                  <code>{one.revision}</code>
                </td>
                <td>
                  <code className="muted" title={one.text_sha256}>
                    {one.text_sha256.slice(0, 24)}…
                  </code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
