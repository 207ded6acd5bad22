import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { ErrorNote } from './Feedback';

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** What will happen, in a sentence. */
  children: ReactNode;
  verb: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}

/** Asks before something that others will notice, and shows why it failed if it does. */
export function Confirm({ open, onOpenChange, title, children, verb, danger, run }: Props) {
  const action = useMutation({ mutationFn: run, onSuccess: () => onOpenChange(false) });
  const change = (next: boolean) => {
    if (!next) action.reset();
    onOpenChange(next);
  };
  return (
    <Dialog open={open} onOpenChange={change} title={title} description={children}>
      <div className="body">{action.isError ? <ErrorNote error={action.error} /> : null}</div>
      <footer>
        <Button onClick={() => change(false)}>Keep it as it is</Button>
        <Button look={danger ? 'danger' : 'primary'} disabled={action.isPending} onClick={() => action.mutate()}>
          {action.isPending ? 'Working…' : verb}
        </Button>
      </footer>
    </Dialog>
  );
}
