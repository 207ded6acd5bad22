import { useQueryClient } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { send, upload } from '../../api/client';
import type { StoredFile } from '../../api/types';
import { bytes } from '../../app/format';
import { Button } from '../../components/Button';
import { DropZone } from '../../components/DropZone';
import { Progress } from '../../components/Small';

interface Sending {
  file: File;
  part: number;
  state: 'waiting' | 'sending' | 'sent' | 'failed';
  failure?: string;
}

const AT_ONCE = 3;

/** Many files at once, a few at a time, each with its own progress and its own failure. */
export function UploadDocuments({ store }: { store: string }) {
  const queries = useQueryClient();
  const [list, setList] = useState<Sending[]>([]);

  const change = (file: File, change: Partial<Sending>) =>
    setList((now) => now.map((one) => (one.file === file ? { ...one, ...change } : one)));

  const sendOne = async (file: File) => {
    change(file, { state: 'sending', part: 0, failure: undefined });
    try {
      const form = new FormData();
      form.append('purpose', 'assistants');
      form.append('file', file, file.name);
      const stored = await upload<StoredFile>(
        '/v1/files',
        form,
        ({ sentBytes, totalBytes }) => change(file, { part: totalBytes === 0 ? 1 : sentBytes / totalBytes }),
        new AbortController().signal,
      );
      await send('POST', `/v1/vector_stores/${encodeURIComponent(store)}/files`, { file_id: stored.id });
      change(file, { state: 'sent', part: 1 });
      await queries.invalidateQueries({ queryKey: ['stores'] });
    } catch (failure) {
      change(file, { state: 'failed', failure: (failure as Error).message });
    }
  };

  const sendAll = async (files: File[]) => {
    setList((now) => [
      ...now.filter((one) => one.state !== 'sent'),
      ...files.map((file): Sending => ({ file, part: 0, state: 'waiting' })),
    ]);
    const waiting = [...files];
    const worker = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) await sendOne(file);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };

  return (
    <div className="stack tight">
      <DropZone onFiles={(files) => void sendAll(files)}>
        <p>Drop documents here. Each is stored as it is, cut into passages and indexed.</p>
      </DropZone>
      {list.length > 0 ? (
        <ul className="card" style={{ padding: 12, display: 'grid', gap: 10 }} aria-label="Uploads">
          {list.map((one, at) => (
            <Upload key={`${one.file.name} ${at}`} one={one} retry={() => void sendOne(one.file)} />
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function Upload({ one, retry }: { one: Sending; retry: () => void }) {
  return (
    <li className="stack tight" style={{ gap: 4 }}>
      <div className="spread">
        <span className="row" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
          {one.state === 'sent' ? (
            <CircleCheck width={15} height={15} color="var(--accent-strong)" aria-label="Sent" />
          ) : null}
          {one.state === 'failed' ? (
            <CircleAlert width={15} height={15} color="var(--red)" aria-label="Failed" />
          ) : null}
          {one.file.name}
        </span>
        {one.state === 'failed' ? (
          <Button small onClick={retry}>
            <RotateCcw aria-hidden /> Try again
          </Button>
        ) : (
          <span className="muted small num">
            {one.state === 'sent' ? 'stored; its state is below' : bytes(one.file.size)}
          </span>
        )}
      </div>
      {one.state === 'sending' ? <Progress value={one.part} label={`Upload of ${one.file.name}`} /> : null}
      {one.failure ? (
        <p className="small" style={{ color: 'var(--red)' }} role="alert">
          {one.failure}
        </p>
      ) : null}
    </li>
  );
}
