import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import type { SearchResults } from '../../api/types';
import { Button } from '../../components/Button';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { SlopeChart } from './SlopeChart';

/** What a question would read, before any model answers it. The question is in the address. */
export function SearchTester({ store, query }: { store: string; query: string | undefined }) {
  const navigate = useNavigate();
  const [text, setText] = useState(query ?? '');
  const hits = useQuery({
    queryKey: ['stores', store, 'search', query],
    enabled: query !== undefined,
    queryFn: () => send<SearchResults>('POST', `/v1/vector_stores/${encodeURIComponent(store)}/search`, { query }),
  });
  return (
    <section className="card" aria-labelledby="search">
      <header>
        <h2 id="search">Search tester</h2>
      </header>
      <div className="body stack">
        <form
          className="row"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            void navigate({
              to: '/knowledge/$store',
              params: { store },
              search: { ask: text.trim() || undefined },
              resetScroll: false,
            });
          }}
        >
          <input
            className="input"
            type="search"
            aria-label="Question"
            value={text}
            placeholder="Ask as a user would"
            onChange={(event) => setText(event.target.value)}
          />
          <Button type="submit">
            <Search aria-hidden /> Search
          </Button>
        </form>
        {hits.isLoading ? <SkeletonRows rows={3} what="passages" /> : null}
        {hits.isError ? <ErrorNote error={hits.error} retry={() => hits.refetch()} /> : null}
        {hits.data?.data.length === 0 ? (
          <p className="muted">No passage matches. Try the words the document uses.</p>
        ) : null}
        {hits.data && hits.data.data.length > 0 ? (
          <SlopeChart retrieval={hits.data.graft.retrieval_id} store={store} />
        ) : null}
        {hits.data && hits.data.data.length > 0 ? (
          <ol>
            {hits.data.data.map((hit, at) => (
              <li key={hit.graft.chunk_id} className="passage">
                <div className="spread">
                  <Link
                    to="/knowledge/$store/$file"
                    params={{ store, file: hit.file_id }}
                    search={{ start: hit.graft.start, end: hit.graft.end }}
                  >
                    {at + 1}. {hit.filename}
                  </Link>
                  <span className="chip num" title="Fused from both search legs">
                    {hit.score.toFixed(3)}
                  </span>
                </div>
                <p style={{ whiteSpace: 'pre-wrap' }}>{hit.content.map((part) => part.text).join('\n')}</p>
              </li>
            ))}
          </ol>
        ) : null}
      </div>
    </section>
  );
}
