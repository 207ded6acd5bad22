import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Circle, File as FileIcon, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { ApiError, upload, type UploadProgress } from '../../api/client';
import { modelsQuery } from '../../api/queries';
import type { UploadedVersion } from '../../api/types';
import { bytes } from '../../app/format';
import { Button, IconButton } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { DropZone } from '../../components/DropZone';
import { Note } from '../../components/Feedback';
import { Field } from '../../components/Field';
import { Progress } from '../../components/Small';
import { adapterPath, adapterQuery, judge, namePattern, problemWith, proposedName, type FileVerdict } from './adapters';
import { ProvedUpload } from './ProvedUpload';

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** The adapter that gets a further version; undefined for a new one. */
  fixedName: string | undefined;
}

type State =
  | { step: 'choosing'; failure?: Error }
  | { step: 'sending'; progress: UploadProgress }
  | { step: 'proved'; version: UploadedVersion };

/** Files in, proof out: what is wrong is said tensor by tensor, in the server's own words. */
export function UploadDialog({ open, onOpenChange, fixedName }: Props) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={fixedName ? `New version of ${fixedName}` : 'Upload adapter'}
      description="A LoRA adapter as PEFT saves it, a GGUF adapter, or one archive of either."
    >
      <Upload fixedName={fixedName} close={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Upload({ fixedName, close }: { fixedName: string | undefined; close: () => void }) {
  const queries = useQueryClient();
  const [state, setState] = useState<State>({ step: 'choosing' });
  const [files, setFiles] = useState<FileVerdict[]>([]);
  const [name, setName] = useState(fixedName ?? '');
  const [note, setNote] = useState('');
  const bases = useBases(fixedName);
  const [chosenBase, setChosenBase] = useState('');
  const base = chosenBase || bases?.[0];
  const abort = useRef<AbortController>(null);
  const add = (chosen: File[], folder?: string) => {
    setFiles((before) => [
      ...before.filter((one) => !chosen.some((file) => file.name === one.file.name)),
      ...chosen.map(judge),
    ]);
    if (!fixedName && name === '') setName(proposedName(chosen, folder));
    setState({ step: 'choosing' });
  };
  const send = async () => {
    const form = new FormData();
    if (note.trim() !== '') form.append('note', note.trim());
    form.append('base_model', base ?? '');
    for (const { file } of files) form.append('file', file, file.name);
    const controller = new AbortController();
    abort.current = controller;
    setState({ step: 'sending', progress: { sentBytes: 0, totalBytes: 0, bytesPerSecond: 0 } });
    try {
      const version = await upload<UploadedVersion>(
        adapterPath({ name }, '/versions'),
        form,
        (progress) => setState({ step: 'sending', progress }),
        controller.signal,
      );
      setState({ step: 'proved', version });
      void queries.invalidateQueries({ queryKey: ['adapters'] });
      void queries.invalidateQueries({ queryKey: ['models'] });
    } catch (failure) {
      const cancelled = controller.signal.aborted;
      setState({ step: 'choosing', failure: cancelled ? undefined : (failure as Error) });
    }
  };
  if (state.step === 'proved') return <ProvedUpload version={state.version} base={base} close={close} />;
  if (state.step === 'sending') return <Sending progress={state.progress} cancel={() => abort.current?.abort()} />;
  const badName = name !== '' && !namePattern.test(name);
  const problem = files.length > 0 ? problemWith(files) : undefined;
  const ready = files.length > 0 && !problem && name !== '' && !badName && base !== undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void send();
      }}
    >
      <div className="body">
        <DropZone onFiles={add}>
          <p>
            Drop the adapter’s folder or files here: <code>adapter_config.json</code> and{' '}
            <code>adapter_model.safetensors</code>
          </p>
        </DropZone>
        <FileList files={files} remove={(gone) => setFiles(files.filter((one) => one !== gone))} />
        {problem ? (
          <Note tone="look">
            <p>{problem}</p>
          </Note>
        ) : null}
        {state.failure ? <Findings failure={state.failure} /> : null}
        {fixedName ? null : (
          <div className="field">
            <label htmlFor="adapter-name">Name</label>
            <input
              id="adapter-name"
              className="input mono"
              value={name}
              aria-invalid={badName}
              spellCheck={false}
              onChange={(event) => setName(event.target.value)}
              placeholder="support-tone"
            />
            <span className={badName ? 'error' : 'hint'}>
              Lower-case letters, digits, dots, dashes and underscores. Clients use it as the model’s name.
            </span>
          </div>
        )}
        {bases && bases.length > 1 ? (
          <Field label="Base model" hint="What it was trained on; it is proved against this model’s shapes.">
            {(input) => (
              <select {...input} className="input" value={base} onChange={(event) => setChosenBase(event.target.value)}>
                {bases.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            )}
          </Field>
        ) : null}
        <div className="field">
          <label htmlFor="adapter-note">Note (optional)</label>
          <input
            id="adapter-note"
            className="input"
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder="What changed in this training run"
          />
        </div>
      </div>
      <footer>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!ready}>
          Upload and prove
        </Button>
      </footer>
    </form>
  );
}

/**
 * The base models an upload may be for: an adapter's own where it has versions already, else all that are served.
 * Undefined until they are known: what is sent without one would be refused at its end.
 */
function useBases(adapter: string | undefined): string[] | undefined {
  const models = useQuery(modelsQuery).data?.data;
  const known = useQuery({ ...adapterQuery({ name: adapter ?? '' }), enabled: adapter !== undefined }).data;
  if (adapter !== undefined) return known ? [known.base_model] : undefined;
  return models?.filter((model) => model.graft.kind === 'base').map((model) => model.id);
}

const fates = {
  config: 'configuration',
  weights: 'weights',
  archive: 'archive',
  ignored: 'not kept',
  refused: 'refused',
};

function FileList({ files, remove }: { files: FileVerdict[]; remove: (gone: FileVerdict) => void }) {
  if (files.length === 0) return null;
  return (
    <ul className="filelist" aria-label="Chosen files">
      {files.map((one) => (
        <li key={one.file.name}>
          <FileIcon aria-hidden width={15} height={15} />
          <span className="name grow">{one.file.name}</span>
          <span className="muted small num">{bytes(one.file.size)}</span>
          <span className={one.kind === 'refused' ? 'chip bad' : one.kind === 'ignored' ? 'chip look' : 'chip good'}>
            {fates[one.kind]}
          </span>
          <IconButton small className="icon" label={`Remove ${one.file.name}`} onClick={() => remove(one)}>
            <X />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}

function Sending({ progress, cancel }: { progress: UploadProgress; cancel: () => void }) {
  const sent = progress.totalBytes > 0 && progress.sentBytes >= progress.totalBytes;
  return (
    <>
      <div className="body">
        <Progress label="Upload" value={progress.totalBytes === 0 ? 0 : progress.sentBytes / progress.totalBytes} />
        <div className="spread small muted num" role="status">
          <span>
            {sent ? 'All sent. Proving every tensor…' : `${bytes(progress.sentBytes)} of ${bytes(progress.totalBytes)}`}
          </span>
          <span>{sent ? '' : `${bytes(progress.bytesPerSecond)}/s`}</span>
        </div>
        <ul className="checks">
          {['Files', 'Format and shapes', 'Finite values', 'Rank and scale'].map((check) => (
            <li key={check}>
              <Circle className="wait" aria-hidden /> <span className="muted">{check}</span>
            </li>
          ))}
        </ul>
      </div>
      <footer>
        <Button onClick={cancel}>Cancel the upload</Button>
      </footer>
    </>
  );
}

/** The server's findings, one a line. */
function Findings({ failure }: { failure: Error }) {
  const refused = failure instanceof ApiError && failure.code === 'invalid_adapter';
  const lines = failure.message.split(/\n|; (?=[\w.]+[:])/);
  return (
    <Note tone="bad">
      <h3>{refused ? 'The adapter was refused; nothing was stored.' : 'The upload failed; nothing was stored.'}</h3>
      <ul className="checks" style={{ marginTop: 6 }}>
        {lines.map((line) => (
          <li key={line} style={{ overflowWrap: 'anywhere' }}>
            {line}
          </li>
        ))}
      </ul>
    </Note>
  );
}
