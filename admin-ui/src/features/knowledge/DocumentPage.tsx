import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { contentQuery, fileQuery, storeQuery } from '../../api/queries';
import { bytes, count } from '../../app/format';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { highlight } from './highlight';

/** The stored text, with a citation's slice marked where the address names one. */
export function DocumentPage() {
  const { store, file } = useParams({ from: '/app/knowledge/$store/$file' });
  const { start, end } = useSearch({ from: '/app/knowledge/$store/$file' });
  const stored = useQuery(fileQuery(file));
  const content = useQuery(contentQuery(store, file));
  const shelf = useQuery(storeQuery(store));
  const mark = useRef<HTMLElement>(null);
  useEffect(() => {
    mark.current?.scrollIntoView({ block: 'center' });
  }, [content.data, start]);
  const parts = content.data !== undefined ? highlight(content.data, start, end) : undefined;
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <p className="small">
            <Link to="/knowledge">Knowledge</Link> /{' '}
            <Link to="/knowledge/$store" params={{ store }} search={{ q: undefined }}>
              {shelf.data?.name || store}
            </Link>
          </p>
          <h1>{stored.data?.filename ?? file}</h1>
          <p className="num">
            {stored.data ? `${bytes(stored.data.bytes)} · ` : ''}
            {start !== undefined && end !== undefined
              ? `characters ${count(start)}–${count(end)} are marked`
              : 'as stored'}
          </p>
        </div>
      </div>
      {content.isPending ? (
        <section className="card">
          <SkeletonRows rows={8} what="the document" />
        </section>
      ) : null}
      {content.isError ? <ErrorNote error={content.error} retry={() => content.refetch()} /> : null}
      {parts ? (
        <section className="card">
          <div className="body document">
            {parts.before}
            {parts.marked !== '' ? <mark ref={mark}>{parts.marked}</mark> : null}
            {parts.after}
          </div>
        </section>
      ) : null}
    </main>
  );
}
