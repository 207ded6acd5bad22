import { useQuery } from '@tanstack/react-query';
import { MessagesSquare, Plus, Square, X } from 'lucide-react';
import { useState } from 'react';
import type { Adapter } from '../../api/types';
import { sessionQuery } from '../../app/session';
import { Button, IconButton } from '../../components/Button';
import type { Answer } from '../playground/chat';
import { SideBySide, type Side } from '../playground/SideBySide';
import { useAnswers } from '../playground/useAnswers';
import { LONGEST_PROMPT, storedPrompts, storePrompts, withPrompt } from './storedPrompts';

const MOST_TOKENS = 128;

interface Props {
  adapter: Adapter;
  here: number;
  there: number;
}

/** The same prompts answered by both versions; the prompts are kept for the next time. */
export function ComparePrompts({ adapter, here, there }: Props) {
  const tenant = useQuery(sessionQuery).data?.tenant.id ?? '';
  const [prompts, setPrompts] = useState(() => storedPrompts(tenant, adapter.name));
  const [draft, setDraft] = useState('');
  const { answers, running, ask, stop } = useAnswers(MOST_TOKENS);
  const sides: Side[] = [here, there].map((version) => ({
    model: `${adapter.name}@${version}`,
    title: `version ${version}`,
  }));
  const keep = (next: string[]) => {
    setPrompts(next);
    storePrompts(tenant, adapter.name, next);
  };
  const askBoth = () =>
    ask(
      sides.map((one) => one.model),
      prompts,
    );
  return (
    <section className="card" aria-labelledby="prompts">
      <header>
        <span className="row wrap">
          <h2 id="prompts">The same prompts to both</h2>
          <span className="muted small">kept in this browser</span>
        </span>
        {running ? (
          <Button small onClick={stop}>
            <Square aria-hidden /> Stop
          </Button>
        ) : (
          <Button small disabled={prompts.length === 0 || here === there} onClick={askBoth}>
            <MessagesSquare aria-hidden /> Ask both
          </Button>
        )}
      </header>
      <div className="body stack tight">
        {prompts.length === 0 ? (
          <p className="muted">Keep the prompts that matter here, and every new version is asked the same.</p>
        ) : null}
        <ol>
          {prompts.map((prompt) => (
            <li key={prompt} className="passage">
              <div className="spread">
                <span className="row wrap">
                  <span style={{ overflowWrap: 'anywhere' }}>{prompt}</span> <Verdict answers={answers[prompt]} />
                </span>
                <IconButton
                  small
                  label={`Forget “${prompt.slice(0, 40)}”`}
                  onClick={() => keep(prompts.filter((one) => one !== prompt))}
                >
                  <X />
                </IconButton>
              </div>
              {answers[prompt] ? <SideBySide sides={sides} answers={answers[prompt]} /> : null}
            </li>
          ))}
        </ol>
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            keep(withPrompt(prompts, draft));
            setDraft('');
          }}
        >
          <input
            className="input"
            aria-label="Prompt to keep"
            placeholder="How do I reset a password?"
            maxLength={LONGEST_PROMPT}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
          <Button type="submit" disabled={draft.trim() === ''}>
            <Plus aria-hidden /> Keep
          </Button>
        </form>
      </div>
    </section>
  );
}

/** Whether both said the same, once both have ended. */
function Verdict({ answers }: { answers: Answer[] | undefined }) {
  const [one, other] = answers ?? [];
  if (!one || !other || one.running || other.running || one.failure || other.failure) return null;
  return one.text === other.text ? (
    <span className="chip good">the same</span>
  ) : (
    <span className="chip look">differs</span>
  );
}
