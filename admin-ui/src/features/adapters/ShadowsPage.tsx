import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Scale } from 'lucide-react';
import type { ShadowAnswer } from '../../api/types';
import { plural } from '../../app/format';
import { Empty, ErrorNote, SkeletonRows } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { Moment } from '../../components/Small';
import { shadowsQuery } from './adapters';

/** What an alias's candidate answered beside the real answers; the page is in the address. */
export function ShadowsPage() {
  const { name, alias } = useParams({ from: '/app/adapters/$name/shadows/$alias' });
  const { after, tenant } = useSearch({ from: '/app/adapters/$name/shadows/$alias' });
  const shadows = useQuery(shadowsQuery({ name, tenant }, alias, after));
  const rows = shadows.data?.data ?? [];
  const equal = rows.filter((one) => one.equal).length;
  const here = { to: '/adapters/$name/shadows/$alias', params: { name, alias } } as const;
  return (
    <main className="page">
      <PageHead
        above={
          <Link to="/adapters/$name" params={{ name }} search={{ tenant }}>
            {name}
          </Link>
        }
        title={`Comparisons of ${alias}`}
      >
        <p>What the shadow answered beside the answers that were sent, newest first.</p>
      </PageHead>
      {shadows.isError ? <ErrorNote error={shadows.error} retry={() => shadows.refetch()} /> : null}
      <section className="card" aria-label="Comparisons">
        {shadows.isPending ? <SkeletonRows what="comparisons" /> : null}
        {shadows.isSuccess && rows.length === 0 ? (
          <Empty icon={<Scale aria-hidden />} title="Nothing compared yet">
            <p>
              Move {alias} with “Let a candidate answer too”. The candidate answers after the real answer, when the
              engine is idle.
            </p>
          </Empty>
        ) : null}
        {rows.length > 0 ? (
          <header>
            <h2>
              {equal} of {rows.length} on this page are the same
            </h2>
            <span className="row">
              {after !== undefined ? (
                <Link {...here} className="button small" search={{ tenant, after: undefined }}>
                  Newest
                </Link>
              ) : null}
              {shadows.data?.has_more && shadows.data.last_id ? (
                <Link {...here} className="button small" search={{ tenant, after: shadows.data.last_id }}>
                  Older
                </Link>
              ) : null}
            </span>
          </header>
        ) : null}
        <ol className="body">
          {rows.map((one) => (
            <Comparison key={one.id} one={one} />
          ))}
        </ol>
      </section>
    </main>
  );
}

function Comparison({ one }: { one: ShadowAnswer }) {
  return (
    <li className="passage">
      <div className="row wrap small">
        <span className={one.equal ? 'chip good' : 'chip look'}>
          {one.equal ? 'the same' : `differs after ${plural(one.first_difference ?? 0, 'token')}`}
        </span>
        <code className="muted">{one.request_id}</code>
        <span className="muted">
          <Moment at={one.created_at} />
        </span>
      </div>
      <div className="pair">
        <Answer title={`v${one.version}, sent`} text={one.answer} tokens={one.answer_tokens} />
        <Answer title={`v${one.shadow_version}, shadow`} text={one.shadow_answer} tokens={one.shadow_tokens} />
      </div>
    </li>
  );
}

function Answer({ title, text, tokens }: { title: string; text: string; tokens: number }) {
  return (
    <div className="stack tight" style={{ gap: 2 }}>
      <h3>
        {title} <span className="muted small num">{plural(tokens, 'token')}</span>
      </h3>
      <p style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{text}</p>
    </div>
  );
}
