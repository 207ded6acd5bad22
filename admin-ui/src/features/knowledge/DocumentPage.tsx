import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, type RefObject } from 'react';
import { chunksQuery, contentQuery, fileQuery, storeQuery } from '../../api/queries';
import type { Chunk } from '../../api/types';
import { bytes, count, plural } from '../../app/format';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { outline, segments, type Segment } from './segments';

const noChunks: Chunk[] = [];

/** The stored text as it was cut, with a citation's slice marked where the address names one. */
export function DocumentPage() {
  const { store, file } = useParams({ from: '/app/knowledge/$store/$file' });
  const { start, end } = useSearch({ from: '/app/knowledge/$store/$file' });
  const stored = useQuery(fileQuery(file));
  const content = useQuery(contentQuery(store, file));
  const chunks = useQuery(chunksQuery(store, file));
  const shelf = useQuery(storeQuery(store));
  const mark = useRef<HTMLElement>(null);
  const cut = chunks.data ?? noChunks;
  const parts = useMemo(
    () => (content.data === undefined || chunks.isPending ? undefined : segments(content.data, cut, start, end)),
    [content.data, chunks.isPending, cut, start, end],
  );
  useEffect(() => {
    mark.current?.scrollIntoView({ block: 'center' });
  }, [parts]);
  const headings = outline(cut);
  const marked = start !== undefined && end !== undefined;
  const failed = content.error ?? chunks.error;
  return (
    <main className="page">
      <PageHead
        above={
          <>
            <Link to="/knowledge">Knowledge</Link> /{' '}
            <Link to="/knowledge/$store" params={{ store }}>
              {shelf.data?.name || store}
            </Link>
          </>
        }
        title={stored.data?.filename ?? file}
      >
        <p className="num">
          {stored.data ? `${bytes(stored.data.bytes)} · ` : ''}
          {chunks.data ? `${plural(cut.length, 'chunk')} · ` : ''}
          {marked ? `characters ${count(start)}–${count(end)} are marked` : 'as stored'}
        </p>
      </PageHead>
      {failed ? <ErrorNote error={failed} retry={() => content.refetch()} /> : null}
      {!parts && !failed ? (
        <section className="card">
          <SkeletonRows rows={8} what="the document" />
        </section>
      ) : null}
      {parts ? (
        <div className={headings.length > 1 ? 'split' : ''}>
          <section className="card" aria-label="Text">
            <div className="body document">
              {parts.map((part, at) => (
                <Part key={at} part={part} even={(part.chunk?.ordinal ?? 0) % 2 === 0} mark={mark} />
              ))}
            </div>
          </section>
          {headings.length > 1 ? (
            <nav className="outline" aria-label="Headings">
              {headings.map(({ heading, ordinal }) => (
                <a key={ordinal} href={`#chunk-${ordinal}`}>
                  {heading}
                </a>
              ))}
            </nav>
          ) : null}
        </div>
      ) : null}
    </main>
  );
}

function Part({ part, even, mark }: { part: Segment; even: boolean; mark: RefObject<HTMLElement | null> }) {
  const text = part.pieces.map((piece, at) =>
    piece.marked ? (
      <mark key={at} ref={mark}>
        {piece.text}
      </mark>
    ) : (
      <span key={at}>{piece.text}</span>
    ),
  );
  const { chunk } = part;
  if (!chunk) return text;
  return (
    <div className={even ? 'chunk even' : 'chunk'} id={`chunk-${chunk.ordinal}`}>
      <span className="chunk-head">
        <span className="num">#{chunk.ordinal + 1}</span>
        {chunk.heading ? <strong>{chunk.heading}</strong> : null}
        <span className="num">{plural(chunk.tokens, 'token')}</span>
      </span>
      {text}
    </div>
  );
}
