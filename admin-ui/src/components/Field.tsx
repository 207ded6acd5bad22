import { useId, type ReactNode } from 'react';

interface Props {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Gets what ties the input to its label and its error. */
  children: (input: { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined }) => ReactNode;
}

/** A labelled input with a hint below it, or what is wrong with it. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const told = error !== undefined || hint !== undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': error !== undefined, 'aria-describedby': told ? `${id}-said` : undefined })}
      {error !== undefined ? (
        <span id={`${id}-said`} className="error" role="alert">
          {error}
        </span>
      ) : hint !== undefined ? (
        <span id={`${id}-said`} className="hint">
          {hint}
        </span>
      ) : null}
    </div>
  );
}
