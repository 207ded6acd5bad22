import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { MessagesSquare, Upload } from 'lucide-react';
import { costsQuery, modelsQuery, usageQuery } from '../../api/queries';
import { count, milliseconds, money, plural } from '../../app/format';
import { useMay } from '../../app/session';
import { ErrorNote, Note, Skeleton } from '../../components/Feedback';
import { Figure } from '../../components/Figure';
import { PageHead } from '../../components/PageHead';
import { totals } from '../usage/totals';
import { Attention } from './Attention';
import { Device } from './Device';
import { rates, recent, useLive, type LiveState } from './live';
import { RunningList } from './RunningList';
import { Sparkline } from './Sparkline';

/** What runs now, what today cost, and what needs a look. */
export function Overview() {
  const admin = useMay('admin');
  const live = useLive();
  const now = live.readings.at(-1);
  const usage = useQuery({ ...usageQuery(1, ['model']), refetchInterval: 10_000 });
  const costs = useQuery({ ...costsQuery(1), refetchInterval: 10_000 });
  const today = totals(usage.data, costs.data);
  const engine = now?.engine?.state;
  return (
    <main className="page">
      <PageHead
        title="Overview"
        actions={
          <>
            {useMay('adapters') ? (
              <Link className="button" to="/adapters" search={{ upload: 'new' }}>
                <Upload aria-hidden /> Upload adapter
              </Link>
            ) : null}
            <Link className="button" to="/playground">
              <MessagesSquare aria-hidden /> Open playground
            </Link>
          </>
        }
      >
        <p>{admin ? 'The engine now, and today’s use.' : 'Your tenant’s use today.'}</p>
      </PageHead>
      {live.failure ? (
        <Note tone="look">
          <p>The live figures stand still: {live.failure.message} Trying again by itself.</p>
        </Note>
      ) : null}
      <div className="figures">
        {admin ? <EngineFigures live={live} /> : null}
        {admin ? null : (
          <>
            <Figure label="Running now" value={now && count(now.running_total)} detail="your requests">
              <Sparkline values={live.readings.map((one) => one.running_total)} label="Running requests lately" />
            </Figure>
            <Figure
              label="Requests today"
              value={usage.data && count(today.requests)}
              detail={`${count(today.inputTokens)} tokens in, ${count(today.outputTokens)} out`}
            />
          </>
        )}
        <Figure
          label="Cost today"
          value={costs.data && money(today.costMicros, today.currency)}
          detail={
            today.requests > 0
              ? `${plural(today.requests, 'request')}, ${money(today.costMicros / today.requests, today.currency)} each`
              : 'No request yet'
          }
        />
      </div>
      {usage.isError ? <ErrorNote error={usage.error} retry={() => usage.refetch()} /> : null}
      {admin && !engine && !live.failure ? <Skeleton height={180} /> : null}
      {engine ? <Device engine={engine} /> : null}
      <div className="halves">
        <RunningList live={now} />
        <Attention engine={engine} currency={today.currency} />
      </div>
      <Serving />
    </main>
  );
}

/** Tokens a second, p95 to the first token, and the queue, each with its last two minutes. */
function EngineFigures({ live: { readings } }: { live: LiveState }) {
  const now = readings.at(-1);
  const engine = now?.engine?.state;
  const speeds = rates(readings);
  const waiting = readings.map((one) => one.engine?.state.waiting ?? 0);
  const first = now?.first_token_p95_micros;
  return (
    <>
      <Figure
        label="Tokens a second"
        value={engine && count(Math.round(recent(speeds)))}
        detail={engine ? `${plural(engine.running, 'sequence')} running` : ''}
      >
        <Sparkline values={speeds} label="Tokens a second, last two minutes" />
      </Figure>
      <Figure
        label="First token, 95 % within"
        value={now && (first === null || first === undefined ? '–' : milliseconds(first / 1000))}
        detail="of the last five minutes"
      >
        <Sparkline
          values={readings.map((one) => (one.first_token_p95_micros ?? 0) / 1000)}
          label="p95 to first token"
        />
      </Figure>
      <Figure
        label="Requests waiting"
        value={engine && count(engine.waiting)}
        detail={engine && engine.waiting > 0 ? 'accepted, not yet in a batch' : 'no queue'}
      >
        <Sparkline values={waiting} label="Requests waiting, last two minutes" />
      </Figure>
    </>
  );
}

function Serving() {
  const models = useQuery(modelsQuery);
  if (models.isError) return <ErrorNote error={models.error} retry={() => models.refetch()} />;
  const all = models.data?.data.filter((model) => model.graft?.kind !== 'alias') ?? [];
  return (
    <section className="card" aria-labelledby="serving">
      <header>
        <h2 id="serving">Models you can call</h2>
        <Link className="small" to="/adapters">
          All adapters
        </Link>
      </header>
      <div className="body row wrap">
        {models.isPending ? <Skeleton height={20} width={260} /> : null}
        {all.slice(0, 40).map((model) => (
          <Link
            key={model.id}
            to="/playground"
            search={{ columns: model.id }}
            className={model.graft?.kind === 'base' ? 'chip good' : 'chip'}
          >
            {model.id}
          </Link>
        ))}
        {all.length > 40 ? <span className="muted small">and {count(all.length - 40)} more</span> : null}
      </div>
    </section>
  );
}
