import type { UseQueryResult } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import type { FieldError, UseFormRegisterReturn } from 'react-hook-form';
import { Button, IconButton } from '../../components/Button';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';

interface CardProps<B> {
  /** Where links lead to. */
  anchor: string;
  title: string;
  /** Beside the title: what the book is of. */
  about?: string;
  book: UseQueryResult<B>;
  children: (book: B) => ReactNode;
}

/** The frame of a book: its revision, or that it is awaited, or why it can't be had. */
export function BookCard<B extends { revision: number }>({ anchor, title, about, book, children }: CardProps<B>) {
  const id = useId();
  const revision = book.data && book.data.revision > 0 ? `revision ${book.data.revision}` : undefined;
  return (
    <section id={anchor} className="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <span className="muted small">{[about, revision].filter(Boolean).join(', ')}</span>
      </header>
      {book.isPending ? <SkeletonRows what={title.toLowerCase()} /> : null}
      {book.isError ? (
        <div className="body">
          <ErrorNote error={book.error} retry={() => book.refetch()} />
        </div>
      ) : null}
      {book.data ? children(book.data) : null}
    </section>
  );
}

interface Props {
  /** Of the columns; the last is the price, and one to remove the line comes behind it. */
  heads: string[];
  rows: ReactNode;
  /** Of all prices; beside the buttons. */
  currency: { field: UseFormRegisterReturn; problem: FieldError | undefined };
  add: () => void;
  save: () => void;
  saving: boolean;
  changed: boolean;
  error: Error | null;
}

/** A book's lines to change, add and take away; saving makes a revision, so that old bills keep their prices. */
export function BookForm({ heads, rows, currency, add, save, saving, changed, error }: Props) {
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div className="table-scroll">
        <table className="table book">
          <thead>
            <tr>
              {heads.map((head, at) => (
                <th key={head} className={at === heads.length - 1 ? 'right' : undefined}>
                  {head}
                </th>
              ))}
              <th>
                <span className="visually-hidden">Remove</span>
              </th>
            </tr>
          </thead>
          <tbody>{rows}</tbody>
        </table>
      </div>
      <div className="body stack tight">
        {error ? <ErrorNote error={error} /> : null}
        <div className="row wrap">
          <Button small onClick={add}>
            <Plus aria-hidden /> Add a line
          </Button>
          <label className="row small">
            Currency
            <input className="input mono" style={{ width: 64 }} maxLength={3} {...currency.field} />
            <FieldProblem problem={currency.problem} />
          </label>
          <span className="grow" />
          <Button type="submit" look={changed ? 'primary' : 'plain'} disabled={saving || !changed}>
            {saving ? 'Saving…' : 'Save as a new revision'}
          </Button>
        </div>
      </div>
    </form>
  );
}

interface CellProps {
  label: string;
  field: UseFormRegisterReturn;
}

/** What a line is narrowed to; empty for any. */
export function AnyCell({ label, field }: CellProps) {
  return (
    <td>
      <input className="input" placeholder="any" aria-label={label} {...field} />
    </td>
  );
}

export function PriceCell({ label, field, problem }: CellProps & { problem: FieldError | undefined }) {
  return (
    <td className="right">
      <input
        className="input num"
        type="number"
        min={0}
        step="any"
        aria-label={label}
        aria-invalid={problem !== undefined}
        {...field}
      />
      <FieldProblem problem={problem} />
    </td>
  );
}

export function RemoveCell({ label, remove }: { label: string; remove: () => void }) {
  return (
    <td>
      <IconButton small label={label} onClick={remove}>
        <X />
      </IconButton>
    </td>
  );
}

/** What is wrong with a field, beside it. */
function FieldProblem({ problem }: { problem: FieldError | undefined }) {
  if (!problem) return null;
  return (
    <span className="error" role="alert">
      {problem.message}
    </span>
  );
}
