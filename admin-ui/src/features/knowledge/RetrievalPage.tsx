import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { retrievalQuery } from '../../api/queries';
import type { Retrieval } from '../../api/types';
import { count, plural } from '../../app/format';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { Moment } from '../../components/Small';
import { PassageFile } from './PassageFile';
import { PassagesRead } from './PassagesRead';
import { Slopes } from './SlopeChart';

/** Why an answer read what it read: the questions, both legs' ranks, and what was kept. */
export function RetrievalPage() {
  const { retrieval: id } = useParams({ from: '/app/retrievals/$retrieval' });
  const retrieval = useQuery(retrievalQuery(id));
  return (
    <main className="page">
      <PageHead above={<Link to="/knowledge">Knowledge</Link>} title="Why this answer">
        <p>
          <code>{id}</code>
        </p>
      </PageHead>
      {retrieval.isError ? <ErrorNote error={retrieval.error} retry={() => retrieval.refetch()} /> : null}
      {retrieval.isPending ? (
        <section className="card">
          <SkeletonRows what="the record" />
        </section>
      ) : null}
      {retrieval.data ? <Asked record={retrieval.data} /> : null}
      {retrieval.data && retrieval.data.mode === 'search' && retrieval.data.candidates.length > 0 ? (
        <section className="card" aria-labelledby="ranks">
          <header>
            <h2 id="ranks">From both legs to one list</h2>
          </header>
          <div className="body">
            <Slopes record={retrieval.data} store={retrieval.data.stores[0]?.id} />
          </div>
        </section>
      ) : null}
      {retrieval.data ? <PassagesRead record={retrieval.data} /> : null}
      {retrieval.data ? <Candidates record={retrieval.data} /> : null}
    </main>
  );
}

function Asked({ record }: { record: Retrieval }) {
  return (
    <section className="card" aria-labelledby="asked">
      <header>
        <h2 id="asked">What was asked</h2>
        <span className="muted small">
          <Moment at={record.created_at} />
        </span>
      </header>
      <dl className="facts body">
        <dt>Mode</dt>
        <dd>{record.mode === 'search' ? 'search' : 'pinned: whole documents were read'}</dd>
        {record.queries.map((query, at) => (
          <Row key={at} name={record.queries.length > 1 ? `Question ${at + 1}` : 'Question'} value={query} />
        ))}
        <dt>Stores</dt>
        <dd>
          {record.stores.map((store) => (
            <span key={store.id} style={{ display: 'block' }}>
              <Link
                to="/knowledge/$store"
                params={{ store: store.id }}
                search={{ ask: record.queries[0] }}
                style={{ textDecoration: 'underline' }}
              >
                {store.id}
              </Link>{' '}
              <span className="muted small">
                revision {store.revision}, {store.embedder}
              </span>
            </span>
          ))}
        </dd>
        <dt>Asked for</dt>
        <dd>{plural(record.max_num_results, 'passage')}</dd>
        {record.prompt_format ? <Row name="Prompt format" value={record.prompt_format} /> : null}
        {record.adapter_digest ? <Row name="Adapter" value={record.adapter_digest.slice(0, 12)} /> : null}
        {Object.entries(record.stages).map(([stage, micros]) => (
          <Row key={stage} name={stage.replaceAll('_', ' ')} value={`${(micros / 1000).toFixed(1)} ms`} />
        ))}
      </dl>
    </section>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
    </>
  );
}

type Candidate = Retrieval['candidates'][number];

/** What became of a candidate, in the table's words. */
function why(one: Candidate): string {
  if (one.kept) return 'kept';
  if (one.duplicate_of) return 'says the same as another';
  return one.dropped === 'score_threshold' ? 'under the threshold' : 'not among the best';
}

/** The best rank that a leg gave over all questions. */
function rank(candidate: Candidate, leg: 'lexical' | 'vector'): string {
  const hits = candidate.legs.filter((one) => one.leg === leg).sort((a, b) => a.rank - b.rank);
  return hits[0] ? `${hits[0].rank} (${hits[0].score.toFixed(2)})` : '–';
}

function Candidates({ record }: { record: Retrieval }) {
  const kept = record.candidates.filter((one) => one.kept).length;
  const store = record.stores[0]?.id;
  return (
    <section className="card" aria-labelledby="candidates">
      <header>
        <h2 id="candidates">Passages considered</h2>
        <span className="muted small">
          {kept} of {record.candidates.length} kept
        </span>
      </header>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th className="right">Fused</th>
              <th>Passage</th>
              <th className="right">By words (BM25)</th>
              <th className="right">By meaning (cosine)</th>
              <th>Kept</th>
            </tr>
          </thead>
          <tbody>
            {record.candidates.map((one, at) => (
              <tr key={one.chunk_id}>
                <td className="right">
                  {at + 1} ({one.score.toFixed(3)})
                </td>
                <td>
                  <PassageFile store={store} passage={one} />{' '}
                  <span className="muted small num">
                    {count(one.start)}–{count(one.end)}
                  </span>
                </td>
                <td className="right">{rank(one, 'lexical')}</td>
                <td className="right">{rank(one, 'vector')}</td>
                <td>
                  <span className={one.kept ? 'chip good' : 'chip'}>{why(one)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
