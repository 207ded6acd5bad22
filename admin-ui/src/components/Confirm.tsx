import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { ErrorNote } from './Feedback';
import { Field } from './Field';

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will happen, in a sentence. */
  children: ReactNode;
  /** Facts below the sentence. */
  details?: ReactNode;
  verb: string;
  danger?: boolean;
  /** Has to be typed first: for what others than the caller's own tenant will notice. */
  typed?: string | undefined;
  run: () => Promise<unknown>;
}

/** Asks before something that others will notice, and shows why it failed if it does. */
export function Confirm(props: Props) {
  const { open, onOpenChange, title, children, details, verb, danger, typed, run } = props;
  const [text, setText] = useState('');
  const action = useMutation({ mutationFn: run, onSuccess: () => onOpenChange(false) });
  const change = (next: boolean) => {
    if (!next) {
      action.reset();
      setText('');
    }
    onOpenChange(next);
  };
  const ready = typed === undefined || text === typed;
  const body = details !== undefined || typed !== undefined || action.isError;
  return (
    <Dialog open={open} onOpenChange={change} title={title} description={children}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) action.mutate();
        }}
      >
        <div className={body ? 'body' : 'body none'}>
          {details}
          {typed !== undefined ? (
            <Field label={`Type ${typed} to go on`} hint="So that it does not happen by a slip: others use it too.">
              {(input) => (
                <input
                  {...input}
                  className="input mono"
                  autoComplete="off"
                  spellCheck={false}
                  value={text}
                  onChange={(event) => setText(event.target.value)}
                />
              )}
            </Field>
          ) : null}
          {action.isError ? <ErrorNote error={action.error} /> : null}
        </div>
        <footer>
          <Button onClick={() => change(false)}>Keep it as it is</Button>
          <Button type="submit" look={danger ? 'danger' : 'primary'} disabled={action.isPending || !ready}>
            {action.isPending ? 'Working…' : verb}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
