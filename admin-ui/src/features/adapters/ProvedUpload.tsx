import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { useState } from 'react';
import type { UploadedVersion } from '../../api/types';
import { bytes } from '../../app/format';
import { useMay } from '../../app/session';
import { Button } from '../../components/Button';
import { Note } from '../../components/Feedback';
import { Digest } from '../../components/Small';
import { moveAlias } from './adapters';
import { UploadProbe } from './UploadProbe';

interface Props {
  version: UploadedVersion;
  base: string | undefined;
  close: () => void;
}

/** What the proof found, what the adapter changes, and where to go from here. */
export function ProvedUpload({ version, base, close }: Props) {
  const queries = useQueryClient();
  const inference = useMay('inference');
  const [promoted, setPromoted] = useState<'no' | 'moving' | 'yes' | Error>('no');
  const promote = async () => {
    setPromoted('moving');
    try {
      await moveAlias({ name: version.adapter }, 'production', { version: version.version });
      await queries.invalidateQueries({ queryKey: ['adapters'] });
      setPromoted('yes');
    } catch (failure) {
      setPromoted(failure as Error);
    }
  };
  const proofs = [
    `Files: ${bytes(version.size_bytes)} stored`,
    `Shapes: every tensor fits ${version.target_modules.join(', ')}`,
    'Values: all finite',
    `Rank: ${version.rank}`,
  ];
  return (
    <>
      <div className="body">
        <Note tone="good">
          <p>
            {version.adapter} version {version.version} is stored. <Digest value={version.digest} />
          </p>
        </Note>
        <ul className="checks">
          {proofs.map((proof) => (
            <li key={proof}>
              <Check className="ok" aria-hidden /> {proof}
            </li>
          ))}
        </ul>
        {version.warnings.map((warning) => (
          <Note key={warning} tone="look">
            <p>{warning}</p>
          </Note>
        ))}
        {base && inference ? <UploadProbe version={version} base={base} /> : null}
        {promoted instanceof Error ? (
          <Note tone="bad">
            <p>{promoted.message}</p>
          </Note>
        ) : null}
        {version.version === 1 ? (
          <p className="muted">It is the first version, so the alias production already points at it.</p>
        ) : (
          <p className="muted">
            {promoted === 'yes'
              ? 'The alias production now points at it.'
              : 'Production still answers with the version before.'}
          </p>
        )}
      </div>
      <footer>
        {version.version > 1 && promoted !== 'yes' ? (
          <Button onClick={promote} disabled={promoted === 'moving'}>
            Promote to production
          </Button>
        ) : null}
        <Link className="button" to="/adapters/$name" params={{ name: version.adapter }} onClick={close}>
          Open adapter
        </Link>
        {base ? (
          <Link
            className="button"
            to="/playground"
            search={{ columns: `${version.adapter}@${version.version},${base}` }}
          >
            Beside the base
          </Link>
        ) : null}
        <Link className="button primary" to="/playground" search={{ columns: `${version.adapter}@${version.version}` }}>
          Chat with it
        </Link>
      </footer>
    </>
  );
}
