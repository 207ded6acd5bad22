import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Eraser, Plus, SendHorizontal, SlidersHorizontal, Square } from 'lucide-react';
import { useRef, useState, type KeyboardEvent } from 'react';
import { modelsQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { chat, chatRequest, defaultParameters, emptyAnswer, type Answer, type Turn } from './chat';
import { Column } from './Column';
import { MOST_COLUMNS, parseColumns, writeColumns, type ColumnChoice } from './columns';
import { ParameterForm } from './ParameterForm';

/** One prompt, up to four answers side by side; who answers is in the address. */
export function Playground() {
  const navigate = useNavigate();
  const models = useQuery(modelsQuery);
  const search = useSearch({ from: '/app/playground' });
  const chosen = parseColumns(search.columns);
  const first = models.data?.data[0];
  // A link from a store names no model: the first one the caller may use answers.
  const columns = first
    ? (chosen.length > 0 ? chosen : [{ model: '', stores: [] }]).map((one) => ({
        ...one,
        model: one.model || first.id,
      }))
    : chosen;
  const [talks, setTalks] = useState<Turn[][]>([]);
  const [parameters, setParameters] = useState(defaultParameters);
  const [drawer, setDrawer] = useState(false);
  const [prompt, setPrompt] = useState('');
  const running = talks.some((turns) => turns.at(-1)?.answer.running);
  const abort = useRef<AbortController>(null);

  const setColumns = (next: ColumnChoice[]) =>
    void navigate({ to: '/playground', search: { columns: writeColumns(next) || undefined }, replace: true });
  const clear = () => {
    abort.current?.abort();
    setTalks([]);
  };
  const ask = async () => {
    const text = prompt.trim();
    if (text === '' || running) return;
    setPrompt('');
    const controller = new AbortController();
    abort.current = controller;
    const before = columns.map((_, at) => talks[at] ?? []);
    setTalks(before.map((turns) => [...turns, { prompt: text, answer: emptyAnswer }]));
    const tell = (at: number) => (answer: Answer) =>
      setTalks((now) => now.map((turns, column) => (column === at ? withLast(turns, answer) : turns)));
    await Promise.all(
      columns.map((column, at) =>
        chat(chatRequest(column, before[at] ?? [], text, parameters), controller.signal, tell(at)),
      ),
    );
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void ask();
    }
  };
  return (
    <main className="playground">
      <div className="spread head" style={{ flexWrap: 'wrap' }}>
        <h1>Playground</h1>
        <div className="row">
          <Button
            onClick={() => setColumns([...columns, columns.at(-1) ?? { model: '', stores: [] }])}
            disabled={columns.length === 0 || columns.length >= MOST_COLUMNS || running}
          >
            <Plus aria-hidden /> Compare
          </Button>
          <Button onClick={() => setDrawer(!drawer)} aria-expanded={drawer} aria-controls="parameters">
            <SlidersHorizontal aria-hidden /> Parameters
          </Button>
          <Button onClick={clear} disabled={talks.length === 0}>
            <Eraser aria-hidden /> Clear
          </Button>
        </div>
      </div>
      {drawer ? <ParameterForm parameters={parameters} change={setParameters} /> : null}
      {models.isError ? <ErrorNote error={models.error} retry={() => models.refetch()} /> : null}
      {models.isPending ? (
        <div className="card grow">
          <SkeletonRows what="models" />
        </div>
      ) : null}
      <div className="columns">
        {columns.map((column, at) => (
          <Column
            key={at}
            column={column}
            turns={talks[at] ?? []}
            models={models.data?.data ?? []}
            request={(turns) => chatRequest(column, turns, prompt, parameters)}
            busy={running}
            change={(next) => setColumns(columns.map((one, index) => (index === at ? next : one)))}
            remove={
              columns.length > 1
                ? () => {
                    setColumns(columns.filter((_, index) => index !== at));
                    setTalks(talks.filter((_, index) => index !== at));
                  }
                : undefined
            }
          />
        ))}
      </div>
      <form
        className="composer"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label className="visually-hidden" htmlFor="prompt">
          Message
        </label>
        <textarea
          id="prompt"
          className="input"
          rows={2}
          value={prompt}
          onKeyDown={keys}
          onChange={(event) => setPrompt(event.target.value)}
          placeholder="Ask something. Enter sends, Shift+Enter breaks the line."
        />
        {running ? (
          <Button onClick={() => abort.current?.abort()}>
            <Square aria-hidden /> Stop
          </Button>
        ) : (
          <Button type="submit" look="primary" disabled={prompt.trim() === '' || columns.length === 0}>
            <SendHorizontal aria-hidden /> Send
          </Button>
        )}
      </form>
    </main>
  );
}

function withLast(turns: Turn[], answer: Answer): Turn[] {
  const last = turns.at(-1);
  return last ? [...turns.slice(0, -1), { ...last, answer }] : turns;
}
