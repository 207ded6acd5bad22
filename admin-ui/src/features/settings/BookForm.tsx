import type { UseQueryResult } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useId, type ReactNode } from 'react';
import type { FieldError, UseFormRegisterReturn } from 'react-hook-form';
import { Button } from '../../components/Button';
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
  heads: ReactNode;
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
            <tr>{heads}</tr>
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

/** What is wrong with a field, beside it. */
export function FieldProblem({ problem }: { problem: FieldError | undefined }) {
  if (!problem) return null;
  return (
    <span className="error" role="alert">
      {problem.message}
    </span>
  );
}
