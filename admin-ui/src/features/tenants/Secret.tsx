import { Button } from '../../components/Button';
import { Note } from '../../components/Feedback';
import { CopyButton } from '../../components/Small';

/** A new key's secret, this once. */
export function Secret({ secret, close }: { secret: string; close: () => void }) {
  return (
    <>
      <div className="body">
        <Note tone="look">
          <p>Copy it now: nobody can show it again.</p>
        </Note>
        <div className="secret">
          <code>{secret}</code>
          <CopyButton text={secret} label="Copy the key" />
        </div>
      </div>
      <footer>
        <Button look="primary" onClick={close}>
          I have it
        </Button>
      </footer>
    </>
  );
}
