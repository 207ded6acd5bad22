import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleHelp } from 'lucide-react';
import type { Advice } from '../../api/types';
import { count, money } from '../../app/format';
import { ErrorNote, Note, Skeleton } from '../../components/Feedback';
import { finding } from './breakEven';
import { adviceQuery } from './money';

/** The six questions between passages and an adapter: what the meters know is filled in, the rest is for people. */
export function AdvicePanel({ tenant, days }: { tenant: string | undefined; days: number }) {
  const advice = useQuery(adviceQuery(tenant, days));
  if (advice.isError) return <ErrorNote error={advice.error} retry={() => advice.refetch()} />;
  if (!advice.data) return <Skeleton height={320} />;
  const amount = (micros: number) => money(Math.round(micros), advice.data.currency);
  const known = advice.data.questions.filter((one) => one.answer !== null).length;
  return (
    <>
      <section className="card" aria-labelledby="questions">
        <header>
          <h2 id="questions">Passages or an adapter?</h2>
          <span className="muted small num">
            {known} of {advice.data.questions.length} known from the last {days === 1 ? 'day' : `${days} days`}
          </span>
        </header>
        <ol className="questions">
          {advice.data.questions.map((question, at) => (
            <Question key={question.question} number={at + 1} question={question} />
          ))}
        </ol>
      </section>
      <Note tone={advice.data.fine_tuning.adapter_pays_off ? 'good' : 'plain'}>
        <p>
          {finding(advice.data.fine_tuning, amount, count)}{' '}
          <Link to="/usage" search={{ view: 'break-even', days, tenant }}>
            See the curve
          </Link>
        </p>
      </Note>
      <Pinned advice={advice.data} amount={amount} />
    </>
  );
}

/** What people have to answer, and which answer leads where. */
const hints: Record<number, string> = {
  1: 'What changes weekly belongs in a knowledge store; what stays may be trained.',
  2: 'If every sentence needs its source, keep passages: an adapter alone cites nothing.',
  3: 'Format, tone and labels are an adapter’s; facts are a knowledge store’s. Both work together.',
  4: 'Few queries never pay for a training run.',
  5: 'Passages make prompts longer; an adapter answers from a short one.',
  6: 'Under some hundred good examples, write a prompt and use passages first.',
};

function Question({ number, question }: { number: number; question: Advice['questions'][number] }) {
  const known = question.answer !== null;
  return (
    <li>
      <span className="num muted">{number}</span>
      <div className="stack tight" style={{ gap: 2 }}>
        <h3>{question.question}</h3>
        <p className="row" style={{ alignItems: 'flex-start' }}>
          {known ? (
            <CircleCheck className="ok" width={16} height={16} aria-label="Known" />
          ) : (
            <CircleHelp width={16} height={16} aria-label="For you to answer" />
          )}
          <span>{question.answer ?? 'No meter knows this: it is for you to answer.'}</span>
        </p>
        <p className="muted small">{hints[number]}</p>
        <p className="row wrap">
          {Object.entries(question.measured).map(([key, value]) => (
            <span key={key} className="chip num">
              {key.replaceAll('_', ' ')} {key.startsWith('share') ? `${Math.round(value * 100)} %` : count(value)}
            </span>
          ))}
        </p>
      </div>
    </li>
  );
}

function Pinned({ advice, amount }: { advice: Advice; amount: (micros: number) => string }) {
  const { cached_share_now: share, saved_micros_per_month: saved } = advice.pinned;
  return (
    <section className="card" aria-labelledby="pinned">
      <header>
        <h2 id="pinned">Or pin the store</h2>
      </header>
      <p className="body">
        {Math.round(share * 100)} % of your prompt tokens come from the prefix cache now. Were all passages read from
        it, as those of a small store that is read whole can be, you would save {amount(saved)} a month.
      </p>
    </section>
  );
}
