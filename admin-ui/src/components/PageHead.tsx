import type { ReactNode } from 'react';

interface Props {
  /** Links to what this page is a part of. */
  above?: ReactNode;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

/** What a page is, what it says of itself in a line, and what can be done here. */
export function PageHead({ above, title, children, actions }: Props) {
  return (
    <div className="page-head">
      <div className="grow">
        {above ? <p className="small">{above}</p> : null}
        <h1>{title}</h1>
        {children}
      </div>
      {actions ? <div className="row wrap">{actions}</div> : null}
    </div>
  );
}
