import { useQuery } from '@tanstack/react-query';
import { BookOpen, Check, X } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useEffect, useId, useRef } from 'react';
import { storesQuery } from '../../api/queries';
import type { Model } from '../../api/types';
import { useMay } from '../../app/session';
import { Button, IconButton } from '../../components/Button';
import { AnswerView } from './AnswerView';
import { type ChatRequest, type Turn } from './chat';
import type { ColumnChoice } from './columns';
import { CopyMenu } from './CopyMenu';

interface Props {
  column: ColumnChoice;
  turns: Turn[];
  models: Model[];
  busy: boolean;
  request: (turns: Turn[]) => ChatRequest;
  change: (column: ColumnChoice) => void;
  remove: (() => void) | undefined;
}

export function Column({ column, turns, models, busy, request, change, remove }: Props) {
  const id = useId();
  const end = useRef<HTMLDivElement>(null);
  const last = turns.at(-1)?.answer;
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [turns.length, last?.text, last?.running]);
  const known = models.some((model) => model.id === column.model);
  return (
    <section className="card column" aria-labelledby={id}>
      <header>
        <label id={id} className="visually-hidden" htmlFor={`${id}-model`}>
          Model
        </label>
        <select
          id={`${id}-model`}
          className="input grow"
          style={{ flexBasis: 140 }}
          value={column.model}
          disabled={busy}
          onChange={(event) => change({ ...column, model: event.target.value })}
        >
          {known ? null : <option value={column.model}>{column.model}</option>}
          <Options models={models} kind="base" label="Base model" />
          <Options models={models} kind="adapter" label="Adapters" />
          <Options models={models} kind="alias" label="Aliases" />
        </select>
        <StoreMenu column={column} change={change} busy={busy} />
        <CopyMenu request={() => request(turns)} />
        {remove ? (
          <IconButton label="Remove this column" onClick={remove} disabled={busy}>
            <X />
          </IconButton>
        ) : null}
      </header>
      <div className="talk" tabIndex={0} role="log" aria-label={`Conversation with ${column.model}`}>
        {turns.length === 0 ? (
          <p className="muted">
            {column.stores.length > 0
              ? 'Answers are read from the chosen knowledge and cite it.'
              : 'Answers from the weights alone. Choose knowledge to let it read first.'}
          </p>
        ) : null}
        {turns.map((turn, at) => (
          <div key={at} className="stack tight">
            <div className="said">{turn.prompt}</div>
            <AnswerView answer={turn.answer} store={column.stores[0]} />
          </div>
        ))}
        <div ref={end} />
      </div>
    </section>
  );
}

function Options({ models, kind, label }: { models: Model[]; kind: 'base' | 'adapter' | 'alias'; label: string }) {
  const own = models.filter((model) => (model.graft?.kind ?? 'base') === kind);
  if (own.length === 0) return null;
  return (
    <optgroup label={label}>
      {own.map((model) => (
        <option key={model.id} value={model.id}>
          {model.id}
        </option>
      ))}
    </optgroup>
  );
}

function StoreMenu({ column, change, busy }: Pick<Props, 'column' | 'change' | 'busy'>) {
  const may = useMay('knowledge');
  const stores = useQuery({ ...storesQuery, enabled: may });
  const toggle = (store: string) =>
    change({
      ...column,
      stores: column.stores.includes(store) ? column.stores.filter((one) => one !== store) : [...column.stores, store],
    });
  const names = column.stores.map((id) => stores.data?.data.find((store) => store.id === id)?.name ?? id);
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button disabled={busy || !may} title="Knowledge this column reads">
          <BookOpen aria-hidden /> {names.length === 0 ? 'No knowledge' : names.join(', ')}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          {stores.data?.data.map((store) => (
            <DropdownMenu.CheckboxItem
              key={store.id}
              className="menu-item"
              checked={column.stores.includes(store.id)}
              onCheckedChange={() => toggle(store.id)}
              onSelect={(event) => event.preventDefault()}
            >
              <span style={{ width: 14 }}>
                <DropdownMenu.ItemIndicator>
                  <Check aria-hidden />
                </DropdownMenu.ItemIndicator>
              </span>
              {store.name || store.id}
            </DropdownMenu.CheckboxItem>
          ))}
          {stores.data?.data.length === 0 ? (
            <div className="menu-item muted">No store yet: create one under Knowledge</div>
          ) : null}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
