import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Adapter, UploadedVersion } from '../../api/types';
import { Button } from '../../components/Button';
import { SideBySide, type Side } from '../playground/SideBySide';
import { useAnswers } from '../playground/useAnswers';
import { adapterQuery, aliasWords } from './adapters';

/** Enough to hear a voice or see a format; few enough to cost next to nothing. */
const PROBE_TOKENS = 48;
const PROBE = 'How do I reset a password?';

/** One prompt answered by the new version, by what production answers with until now, and by the base. */
export function UploadProbe({ version, base }: { version: UploadedVersion; base: string }) {
  const adapter = useQuery(adapterQuery({ name: version.adapter })).data;
  return adapter ? <Probe first={sidesOf(version, adapter, base)} /> : null;
}

function sidesOf({ adapter: name, version }: UploadedVersion, { aliases }: Adapter, base: string): Side[] {
  const production = aliases.find((one) => one.alias === 'production');
  const sides = [{ model: `${name}@${version}`, title: `version ${version}` }];
  if (production && production.version !== version) {
    // By its number, because the new version may be promoted while this is open.
    const model = production.version === null ? name : `${name}@${production.version}`;
    sides.push({ model, title: aliasWords(production) });
  }
  return [...sides, { model: base, title: 'base' }];
}

function Probe({ first }: { first: Side[] }) {
  const [sides] = useState(first);
  const [prompt, setPrompt] = useState(PROBE);
  const [asked, setAsked] = useState(PROBE);
  const { answers, running, ask } = useAnswers(PROBE_TOKENS);
  useEffect(() => {
    ask(
      sides.map((one) => one.model),
      [asked],
    );
  }, [ask, sides, asked]);
  return (
    <section className="stack tight" aria-label="Probe answers">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (prompt.trim()) setAsked(prompt.trim());
        }}
      >
        <input
          className="input"
          aria-label="Probe prompt"
          value={prompt}
          onChange={(event) => setPrompt(event.target.value)}
        />
        <Button type="submit" disabled={running || !prompt.trim()}>
          {running ? 'Asking…' : 'Ask them'}
        </Button>
      </form>
      <SideBySide sides={sides} answers={answers[asked] ?? []} />
    </section>
  );
}
