import { useSyncExternalStore } from 'react';

interface Toast {
  id: number;
  text: string;
}

let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(list: Toast[]) {
  toasts = list;
  listeners.forEach((listener) => listener());
}

/** Says for five seconds that something was done. */
export function toast(text: string) {
  const id = next++;
  change([...toasts, { id, text }]);
  window.setTimeout(() => change(toasts.filter((one) => one.id !== id)), 5000);
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
        <div key={one.id} className="toast">
          {one.text}
        </div>
      ))}
    </div>
  );
}
