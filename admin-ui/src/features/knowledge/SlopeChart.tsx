import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { retrievalQuery } from '../../api/queries';
import type { Retrieval } from '../../api/types';
import { count } from '../../app/format';
import { ErrorNote, Skeleton } from '../../components/Feedback';
import { place, slopes, type Slope } from './slopes';

const MOST = 12;
const ROW = 26;
const TOP = 28;
const WORDS = 120;
const FUSED = 300;
const MEANING = 480;
const WIDTH = 600;

/** Of one search: what each leg ranked where, and what became of it. */
export function SlopeChart({ retrieval, store }: { retrieval: string; store: string }) {
  const record = useQuery(retrievalQuery(retrieval));
  if (record.isError) return <ErrorNote error={record.error} retry={() => record.refetch()} />;
  if (!record.data) return <Skeleton height={160} />;
  return (
    <div className="stack tight">
      <Slopes record={record.data} store={store} />
      <p className="small">
        <Link to="/retrievals/$retrieval" params={{ retrieval }}>
          The whole record: questions, scores, kept and dropped
        </Link>
      </p>
    </div>
  );
}

/** Words on the left, the fused list in the middle, meaning on the right; a line leads from a rank to a rank. */
export function Slopes({ record, store }: { record: Retrieval; store: string | undefined }) {
  const rows = slopes(record, MOST);
  const places = Math.max(rows.length, 3);
  const height = TOP + (places + 1) * ROW + 8;
  const y = (rank: number | undefined) => TOP + place(rank, places) * ROW - ROW / 2;
  const below = (rank: number | undefined) => place(rank, places) > places;
  return (
    <div className="slopes">
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={rows.map(said).join('. ')}
        style={{ minWidth: 520, maxWidth: 760 }}
      >
        <Heading x={WORDS} text="by words (BM25)" />
        <Heading x={FUSED} text="fused" />
        <Heading x={MEANING} text="by meaning (cosine)" />
        {rows.map((row) => (
          <g key={row.id} className={row.kept ? 'slope kept' : 'slope'}>
            <title>{said(row)}</title>
            <Line found={row.lexical !== undefined} from={[WORDS, y(row.lexical)]} to={[FUSED - 14, y(row.fused)]} />
            <Line found={row.vector !== undefined} from={[FUSED + 14, y(row.fused)]} to={[MEANING, y(row.vector)]} />
            <circle cx={FUSED} cy={y(row.fused)} r={10} />
            <text x={FUSED} y={y(row.fused) + 4} textAnchor="middle" className="number">
              {row.fused}
            </text>
            <Rank x={WORDS - 14} y={y(row.lexical)} rank={row.lexical} anchor="end" />
            <Rank x={MEANING + 14} y={y(row.vector)} rank={row.vector} anchor="start" />
          </g>
        ))}
        {rows.some((row) => below(row.lexical)) ? (
          <text x={WORDS - 14} y={y(undefined) + 4} textAnchor="end" className="faint">
            further down
          </text>
        ) : null}
        {rows.some((row) => below(row.vector)) ? (
          <text x={MEANING + 14} y={y(undefined) + 4} className="faint">
            further down
          </text>
        ) : null}
      </svg>
      <ol className="small slope-list">
        {rows.map((row) => (
          <li key={row.id}>
            <span className={row.kept ? 'chip good num' : 'chip num'}>{row.fused}</span>{' '}
            {store ? (
              <Link
                to="/knowledge/$store/$file"
                params={{ store, file: row.file }}
                search={{ start: row.start, end: row.end }}
              >
                characters {count(row.start)}–{count(row.end)}
              </Link>
            ) : (
              <code>{row.file}</code>
            )}{' '}
            <span className="muted">{row.kept ? 'kept' : 'dropped'}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function said({ fused, lexical, vector, kept }: Slope): string {
  const leg = (rank: number | undefined) => (rank === undefined ? 'not found' : `rank ${rank}`);
  return `Place ${fused}: ${leg(lexical)} by words, ${leg(vector)} by meaning, ${kept ? 'kept' : 'dropped'}`;
}

function Heading({ x, text }: { x: number; text: string }) {
  return (
    <text x={x} y={14} textAnchor="middle" className="faint">
      {text}
    </text>
  );
}

function Rank({ x, y, rank, anchor }: { x: number; y: number; rank: number | undefined; anchor: 'start' | 'end' }) {
  if (rank === undefined || rank > MOST) return null;
  return (
    <text x={x} y={y + 4} textAnchor={anchor} className="number">
      {rank}
    </text>
  );
}

function Line({ from, to, found }: { from: [number, number]; to: [number, number]; found: boolean }) {
  return <line x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} strokeDasharray={found ? undefined : '2 5'} />;
}
