import { useSyncExternalStore, type ReactNode } from 'react';
import { Button } from './Button';

type Undo = () => Promise<unknown>;

interface Options {
  undo?: Undo | undefined;
  /** Where more is said. */
  more?: ReactNode;
}

interface Toast extends Options {
  id: number;
  text: string;
}

const SHOWN_MS = 5_000;
/** Long enough to read it, notice the mistake and reach the button. */
const UNDO_MS = 12_000;

let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(list: Toast[]) {
  toasts = list;
  listeners.forEach((listener) => listener());
}

function dismiss(id: number) {
  change(toasts.filter((one) => one.id !== id));
}

/** Says for some seconds that something was done, and offers to take it back where that can be done. */
export function toast(text: string, options: Undo | Options = {}) {
  const id = next++;
  const { undo, more } = typeof options === 'function' ? { undo: options } : options;
  change([...toasts, { id, text, undo, more }]);
  window.setTimeout(() => dismiss(id), undo ? UNDO_MS : SHOWN_MS);
}

async function takeBack({ id, undo }: Toast) {
  dismiss(id);
  try {
    await undo?.();
    toast('Taken back.');
  } catch (failure) {
    toast(`It could not be taken back. ${failure instanceof Error ? failure.message : ''}`);
  }
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" aria-live="polite">
      {shown.map((one) => (
        <div key={one.id} className="toast spread">
          <span>
            {one.text} {one.more}
          </span>
          {one.undo ? (
            <Button small onClick={() => void takeBack(one)}>
              Undo
            </Button>
          ) : null}
        </div>
      ))}
    </div>
  );
}
