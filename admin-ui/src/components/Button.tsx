import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { Hint } from './Hint';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'primary' | 'ghost' | 'danger';
  small?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = 'plain', small, className, type = 'button', ...rest }: Props) {
  const classes = ['button', look === 'plain' ? '' : look, small ? 'small' : '', className ?? ''];
  return <button type={type} className={classes.filter(Boolean).join(' ')} {...rest} />;
}

/** A button of an icon alone: its label is read out and shown on hover. */
export function IconButton({ label, children, ...rest }: Props & { label: string; children: ReactNode }) {
  return (
    <Hint text={label}>
      <Button aria-label={label} className="icon" look="ghost" {...rest}>
        {children}
      </Button>
    </Hint>
  );
}
