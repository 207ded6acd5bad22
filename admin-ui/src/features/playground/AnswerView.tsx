import { Link } from '@tanstack/react-router';
import { HoverCard } from 'radix-ui';
import { count, money, plural } from '../../app/format';
import { ErrorNote } from '../../components/Feedback';
import type { Citation } from '../../api/types';
import { annotate, readable } from './annotate';
import { tokensPerSecond, type Answer } from './chat';

/** An answer as it grows: text with numbered citations, then what it took. */
export function AnswerView({ answer, store }: { answer: Answer; store: string | undefined }) {
  const waiting = answer.running && answer.text === '';
  return (
    <div className="answer" aria-busy={answer.running}>
      {waiting ? (
        <span className="muted small" role="status">
          Waiting for the first token…
        </span>
      ) : null}
      <div className="text" data-testid="answer">
        {annotate(answer.text, answer.citations).map((piece, at, all) =>
          piece.kind === 'text' ? (
            <span key={at}>{readable(piece.text, all[at - 1]?.kind === 'mark')}</span>
          ) : (
            <Mark key={at} number={piece.number} citation={piece.citation} store={store} />
          ),
        )}
        {answer.running && !waiting ? <span className="caret" /> : null}
      </div>
      {answer.failure ? <ErrorNote error={answer.failure} /> : null}
      {answer.running ? null : <Measure answer={answer} />}
    </div>
  );
}

/** Hover shows the passage; following it opens the document at the highlighted place. */
function Mark({ number, citation, store }: { number: number; citation: Citation; store: string | undefined }) {
  const label = `Citation ${number}: ${citation.filename}`;
  const mark = store ? (
    <Link
      className="cite"
      aria-label={label}
      to="/knowledge/$store/$file"
      params={{ store, file: citation.file_id }}
      search={{ start: citation.start, end: citation.end }}
    >
      {number}
    </Link>
  ) : (
    <span className="cite" tabIndex={0} aria-label={label}>
      {number}
    </span>
  );
  return (
    <HoverCard.Root openDelay={120} closeDelay={120}>
      <HoverCard.Trigger asChild>{mark}</HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content className="popover stack tight" sideOffset={6} collisionPadding={12}>
          <h3>{citation.filename}</h3>
          <p style={{ whiteSpace: 'pre-wrap' }}>“{citation.quote}”</p>
          <p className="muted small num">
            passage {citation.passage}
            {citation.page ? `, page ${citation.page}` : ''}, characters {count(citation.start)}–{count(citation.end)},
            word for word as stored
          </p>
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
  );
}

function Measure({ answer }: { answer: Answer }) {
  const { usage, graft } = answer;
  const speed = tokensPerSecond(answer);
  const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;
  return (
    <div className="measure" data-testid="measure">
      {answer.model ? <span title="The version that answered">{answer.model}</span> : null}
      {usage ? (
        <span>
          {count(usage.prompt_tokens)} in{cached > 0 ? ` (${count(cached)} cached)` : ''} ·{' '}
          {count(usage.completion_tokens)} out
        </span>
      ) : null}
      {speed !== undefined ? <span>{speed.toFixed(speed < 10 ? 1 : 0)} tokens/s</span> : null}
      {answer.firstTokenMs !== undefined ? <span>first token {Math.round(answer.firstTokenMs)} ms</span> : null}
      {graft ? <span>{money(graft.cost_micros, graft.currency)}</span> : null}
      {graft && graft.retrieved.length > 0 ? (
        <span title={graft.retrieved.map((one) => `${one.filename} (${one.score.toFixed(3)})`).join('\n')}>
          {plural(graft.retrieved.length, 'passage')} read
        </span>
      ) : null}
      {graft?.retrieval_id ? (
        <Link to="/retrievals/$retrieval" params={{ retrieval: graft.retrieval_id }}>
          Why this answer
        </Link>
      ) : null}
      {graft?.unverified_quotes ? (
        <span style={{ color: 'var(--amber)' }}>
          {plural(graft.unverified_quotes, 'quote')} not found in the sources
        </span>
      ) : null}
      {answer.finishReason && answer.finishReason !== 'stop' ? (
        <span>{answer.finishReason === 'length' ? 'cut at the token limit' : answer.finishReason}</span>
      ) : null}
    </div>
  );
}
