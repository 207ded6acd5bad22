import { queryOptions, useQuery } from '@tanstack/react-query';
import { ApiError, get } from '../../api/client';
import type { Retrieval, RetrievalReplay } from '../../api/types';
import { count } from '../../app/format';
import { ErrorNote, Note, SkeletonRows } from '../../components/Feedback';
import { PassageFile } from './PassageFile';

/** The texts themselves, from the revisions that the answer saw. */
const replayQuery = (id: string) =>
  queryOptions({
    queryKey: ['retrievals', id, 'replay'],
    queryFn: ({ signal }) => get<RetrievalReplay>(`/admin/v1/retrievals/${encodeURIComponent(id)}/replay`, signal),
    retry: false,
  });

/** What the answer was given to read, word for word, as long as its documents are there. */
export function PassagesRead({ record }: { record: Retrieval }) {
  const replay = useQuery(replayQuery(record.id));
  const store = record.stores[0]?.id;
  const gone = replay.error instanceof ApiError && replay.error.status === 410;
  return (
    <section className="card" aria-labelledby="read">
      <header>
        <h2 id="read">What it read</h2>
        <span className="muted small">as it stood at the time</span>
      </header>
      {replay.isPending ? <SkeletonRows what="the passages" /> : null}
      {replay.isError ? (
        <div className="body">
          {gone ? (
            <Note tone="look">
              <p>{replay.error.message}</p>
            </Note>
          ) : (
            <ErrorNote error={replay.error} retry={() => replay.refetch()} />
          )}
        </div>
      ) : null}
      <ol className="body">
        {replay.data?.passages.map((one, at) => (
          <li key={one.chunk_id} className="passage">
            <p className="small muted num">
              {at + 1} · <PassageFile store={store} passage={one} /> {count(one.start)}–{count(one.end)}
            </p>
            <p style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{one.text}</p>
          </li>
        ))}
        {replay.data?.passages.length === 0 ? <li className="muted">Nothing was kept.</li> : null}
      </ol>
    </section>
  );
}
